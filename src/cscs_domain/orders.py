"""Orders as a provider sees them, and what a second try of an action means.

Sources: Waldur contract, section 4, and spec 004, section 8.6. Whoever acts on an order may do so
more than once, since answers get lost; Waldur then refuses with "another state". Whether that is
good news is decided here, from the order's state alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.errors import OrderConflictError, ResourceConflictError
from cscs_domain.free_text import bounded_text
from cscs_domain.storage.states import OrderState, OrderType, ResourceState, Word


class Outcome(Enum):
    """What came of a call that did not fail."""

    DONE = "done"
    """This call did it."""
    ALREADY = "already"
    """It was so before; an earlier try went through."""
    RECORDED = "recorded"
    """It was noted down, and nothing was sent."""


class OrderAction(Word):
    """What a provider does about an order, spelled as Waldur's path."""

    APPROVE = "approve_by_provider"
    REJECT = "reject_by_provider"
    DONE = "set_state_done"
    ERRED = "set_state_erred"


class ResourceAction(Word):
    """What a provider does about a resource, spelled as Waldur's path."""

    SET_BACKEND_ID = "set_backend_id"
    SET_OK = "set_state_ok"
    UPDATE_OPTIONS = "update_options_direct"


@attrs.frozen(kw_only=True)
class OrderFacts:
    """An order as it was read back. `resource` is the marketplace resource, None if not told.

    A state or type that this version does not know is UNKNOWN; `state_text` is what was sent.
    `error_message` survives a later success: it is no state. `offering_type` is Waldur's word for
    who carries orders out (`Marketplace.Slurm`, `Marketplace.Basic`), blank if not told.
    """

    uuid: UUID
    resource: UUID | None = None
    type: OrderType = OrderType.UNKNOWN
    state: OrderState
    state_text: str = attrs.field(converter=bounded_text)
    error_message: str = attrs.field(default="", converter=bounded_text)
    offering_type: str = attrs.field(default="", converter=bounded_text)

    @state_text.default
    def _text_of_the_state(self) -> str:
        return self.state.value

    @property
    def tells_only_its_state(self) -> bool:
        """Whether all else has to come from elsewhere, as for an order that a journal knows."""
        told = self.resource or self.offering_type
        return not told and self.type is OrderType.UNKNOWN


_LEADS_TO: Final[Mapping[OrderAction, tuple[OrderState, OrderState]]] = MappingProxyType(
    {
        OrderAction.APPROVE: (OrderState.PENDING_PROVIDER, OrderState.EXECUTING),
        OrderAction.REJECT: (OrderState.PENDING_PROVIDER, OrderState.REJECTED),
        OrderAction.DONE: (OrderState.EXECUTING, OrderState.DONE),
        OrderAction.ERRED: (OrderState.EXECUTING, OrderState.ERRED),
    }
)

_REACHED: Final[Mapping[OrderAction, frozenset[OrderState]]] = MappingProxyType(
    {
        # What comes after an approval. Not pending-project: its order may still come back for one.
        OrderAction.APPROVE: frozenset(
            {
                OrderState.PENDING_START_DATE,
                OrderState.EXECUTING,
                OrderState.DONE,
                OrderState.ERRED,
            }
        ),
        OrderAction.REJECT: frozenset({OrderState.REJECTED}),
        OrderAction.DONE: frozenset({OrderState.DONE}),
        OrderAction.ERRED: frozenset({OrderState.ERRED}),
    }
)

_ADVICE: Final[Mapping[OrderState, str]] = MappingProxyType(
    {
        OrderState.PENDING_CONSUMER: "wait until the customer has approved it",
        OrderState.PENDING_PROVIDER: "approve it first",
        OrderState.PENDING_PROJECT: "wait until its project has begun",
        OrderState.PENDING_START_DATE: "wait until its start date",
        OrderState.EXECUTING: "report it as done or erred",
        OrderState.DONE: "nothing can be changed any more; a new order can undo it",
        OrderState.ERRED: "set it to executing in Waldur to try it again, or order anew",
        OrderState.CANCELED: "nothing can be changed any more; undo what was done for it",
        OrderState.REJECTED: "nothing can be changed any more; undo what was done for it",
        OrderState.UNKNOWN: "look at the order in Waldur: this version does not know its state",
    }
)


def is_allowed(action: OrderAction, state: OrderState) -> bool:
    """Whether an order in this state can be acted upon so; more than Waldur [5.8] itself checks.

    >>> is_allowed(OrderAction.DONE, OrderState.PENDING_PROVIDER)
    False
    """
    return _LEADS_TO[action][0] is state


def state_after(action: OrderAction) -> OrderState:
    """The state of an agent-driven order after an action that was allowed."""
    return _LEADS_TO[action][1]


def is_reached(action: OrderAction, state: OrderState) -> bool:
    """Whether an order in this state has what the action wanted, or has gone on from there.

    >>> is_reached(OrderAction.APPROVE, OrderState.DONE)
    True
    >>> is_reached(OrderAction.DONE, OrderState.REJECTED)
    False
    """
    return state in _REACHED[action]


def already_or_conflict(action: OrderAction, order: OrderFacts) -> Outcome:
    """What a refused action means, now that the order was read back.

    `ALREADY` if it is where the action leads or beyond; else raises `OrderConflictError`.
    """
    if is_reached(action, order.state):
        return Outcome.ALREADY
    raise OrderConflictError(order.uuid, action, order.state_text, _advice(action, order.state))


def _advice(action: OrderAction, state: OrderState) -> str:
    if is_allowed(action, state):
        return "try again, unless the type of its offering has no such action"
    if action is OrderAction.ERRED and state is OrderState.PENDING_PROVIDER:
        return "reject it, or approve it first"
    return _ADVICE[state]


def resource_already_or_conflict(resource: UUID, state: ResourceState, state_text: str) -> Outcome:
    """The same for `set_state_ok`, the only action that a resource's state can forbid."""
    if state is ResourceState.OK:
        return Outcome.ALREADY
    raise ResourceConflictError(resource, ResourceAction.SET_OK, state_text)
