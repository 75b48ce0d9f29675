"""Waldur's orders in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from cscs_domain.errors import (
    InputError,
    OrderConflictError,
    OrderErredError,
    ResourceConflictError,
    UnknownOrderError,
    UnknownResourceError,
    UpstreamServiceError,
)
from cscs_domain.free_text import bounded_text
from cscs_domain.order_calls import backend_id_call
from cscs_domain.orders import OrderFacts, Outcome
from cscs_domain.ports import WaldurOrders
from cscs_domain.resource_options import checked_options
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from cscs_fakes.waldur_order_book import AGENT_DRIVEN, FakeOrder, FakeResource

_APPROVED: Final = {
    OrderState.PENDING_START_DATE,
    OrderState.EXECUTING,
    OrderState.DONE,
    OrderState.ERRED,
}


class FakeWaldurOrders:
    """Orders that can be acted upon as on a server of version 8.1; add some at any time.

    `orders` and `resources` show what has become of them. `actions` counts the calls that asked
    for a change and were heard.
    """

    def __init__(self) -> None:
        self.orders: dict[UUID, FakeOrder] = {}
        self.resources: dict[UUID, FakeResource] = {}
        self.actions = 0
        self._failure: UpstreamServiceError | None = None
        self._act_before_failing = False

    def add_order(
        self,
        uuid: UUID,
        *,
        resource: UUID,
        type: OrderType = OrderType.CREATE,  # noqa: A002  # the field's name
        state: OrderState = OrderState.PENDING_PROVIDER,
        offering_type: str = AGENT_DRIVEN,
        fails_with: str | None = None,
    ) -> None:
        """Add an order, and its resource unless there is one: Creating, or OK if it is to change.

        With `fails_with` Waldur will err with this message when the order has been approved.
        """
        order = FakeOrder(uuid, resource, type, state, offering_type, failure=fails_with)
        self.orders[uuid] = order
        new = order.type is OrderType.CREATE
        self.add_resource(resource, ResourceState.CREATING if new else ResourceState.OK)

    def add_resource(self, uuid: UUID, state: ResourceState = ResourceState.OK) -> None:
        """Add a resource unless it is there."""
        self.resources.setdefault(uuid, FakeResource(state))

    def fail_with(self, error: UpstreamServiceError, *, after_acting: bool = False) -> None:
        """Let every call fail from now on; `after_acting`: only its answer is lost."""
        self._failure = error
        self._act_before_failing = after_acting

    def recover(self) -> None:
        """Let calls succeed again."""
        self._failure = None

    async def order(self, order: UUID) -> OrderFacts:
        """The order as it is."""
        if self._failure:
            raise self._failure
        found = self._order(order)
        return OrderFacts(
            uuid=order,
            resource=found.resource,
            type=found.type,
            state=found.state,
            error_message=found.error_message,
            offering_type=found.offering_type,
        )

    async def approve(self, order: UUID) -> Outcome:
        """Approve the order; for a Basic offering that is all."""
        self._begin()
        found = self._order(order)
        if found.approve(self.resources[found.resource]):
            self._end()
            if found.state is OrderState.ERRED:
                raise OrderErredError(order, found.error_message)
            return Outcome.DONE
        return self._already(found, "approve_by_provider", found.state in _APPROVED)

    async def reject(self, order: UUID, *, comment: str = "") -> Outcome:
        """Reject the order."""
        self._begin()
        found = self._order(order)
        if found.reject(self.resources[found.resource], bounded_text(comment)):
            return self._end()
        return self._already(found, "reject_by_provider", found.state is OrderState.REJECTED)

    async def done(self, order: UUID) -> Outcome:
        """Set the order done."""
        self._begin()
        found = self._order(order)
        if found.finish(self.resources[found.resource]):
            return self._end()
        return self._already(found, "set_state_done", found.state is OrderState.DONE)

    async def erred(self, order: UUID, *, message: str, traceback: str = "") -> Outcome:
        """Set the order erred."""
        self._begin()
        found = self._order(order)
        texts = bounded_text(message), bounded_text(traceback)
        if found.fail(self.resources[found.resource], *texts):
            return self._end()
        return self._already(found, "set_state_erred", found.state is OrderState.ERRED)

    async def set_backend_id(self, resource: UUID, backend_id: str) -> Outcome:
        """Set the resource's backend id; `ALREADY` if it had that one."""
        backend_id_call(resource, backend_id)
        self._begin()
        found = self._resource(resource)
        before, found.backend_id = found.backend_id, backend_id
        return self._end(changed=before != backend_id)

    async def set_resource_ok(self, resource: UUID) -> Outcome:
        """Set the resource OK."""
        self._begin()
        found = self._resource(resource)
        if found.state is ResourceState.TERMINATED:
            raise self._refused(ResourceConflictError(resource, "set_state_ok", found.state))
        before, found.state = found.state, ResourceState.OK
        return self._end(changed=before is not ResourceState.OK)

    async def update_options(self, resource: UUID, options: Mapping[str, object]) -> Outcome:
        """Set the resource's options; `ALREADY` if it had these."""
        checked = checked_options(options)
        self._begin()
        found = self._resource(resource)
        before, found.options = found.options, checked
        return self._end(changed=before != checked)

    def _begin(self) -> None:
        if self._failure and not self._act_before_failing:
            raise self._failure
        self.actions += 1

    def _end(self, *, changed: bool = True) -> Outcome:
        if self._failure:
            raise self._failure
        return Outcome.DONE if changed else Outcome.ALREADY

    def _refused(self, error: InputError) -> InputError | UpstreamServiceError:
        return self._failure or error

    def _already(self, order: FakeOrder, action: str, reached: bool) -> Outcome:
        if reached:
            return self._end(changed=False)
        advice = "see which states the action starts from"
        raise self._refused(OrderConflictError(order.uuid, action, order.state, advice))

    def _order(self, uuid: UUID) -> FakeOrder:
        if uuid not in self.orders:
            raise self._refused(UnknownOrderError(uuid))
        return self.orders[uuid]

    def _resource(self, uuid: UUID) -> FakeResource:
        if uuid not in self.resources:
            raise self._refused(UnknownResourceError(uuid))
        return self.resources[uuid]


_: type[WaldurOrders] = FakeWaldurOrders
