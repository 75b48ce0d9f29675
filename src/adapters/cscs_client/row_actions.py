"""What can be done about one row, with the steps in the order that Waldur wants.

Sources: spec 004, sections 8.2 to 8.5; Waldur contract, section 4. Everything may be called again
after an answer was lost: what is so already is left as it is. The order is read before the first
action, and nothing is sent unless it is of the row's resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

import attrs

from cscs_client.callback_urls import OfferedActions
from cscs_client.errors import ActionNotOfferedError
from cscs_client.row_order import RowOrder
from cscs_domain.errors import OrderErredError
from cscs_domain.orders import (
    OrderAction,
    OrderFacts,
    Outcome,
    ResourceAction,
    already_or_conflict,
    is_allowed,
)
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import OrderState

BASIC: Final = "Marketplace.Basic"
"""The type of offerings whose orders are done by being approved, and can never err."""


@attrs.frozen
class AsyncRowActions:
    """Actions of one row, out of its callback URLs; `offered` says which there are.

    Methods raise `ActionNotOfferedError` for what the row does not allow, `ForeignOrderError` for
    an order of another resource, and what `WaldurOrders` raises.
    """

    row: StorageRow
    offered: OfferedActions
    _orders: WaldurOrders = attrs.field(repr=False)
    _order: RowOrder = attrs.field(init=False, repr=False, eq=False)

    @_order.default
    def _not_read_yet(self) -> RowOrder:
        return RowOrder(self.row.item_id, self._orders)

    async def order(self) -> OrderFacts:
        """The row's order as Waldur has it now, which is newer than the row."""
        return await self._order.now(self._order_for(OrderAction.DONE))

    async def begin(self, facts: OrderFacts | None = None) -> OrderFacts:
        """Take the order on before its work begins, and say how it stands then.

        A pending order of an agent-driven offering is approved. One of a Basic offering stays
        pending, since it would be done at once: for that, call `done` after the work. See
        `may_work`. `facts`: what `order` said just now, which saves asking again.
        """
        order = self._order_for(OrderAction.DONE)
        facts = self._order.checked(facts) if facts else await self._order.own(order)
        if facts.state is not OrderState.PENDING_PROVIDER or facts.offering_type == BASIC:
            return facts
        await self._orders.approve(order)
        return await self._order.own(order)

    async def approve(self) -> Outcome:
        """Take the order on. An order of a Basic offering is done by that."""
        order = self._order_for(OrderAction.APPROVE)
        await self._order.known(order)
        return await self._orders.approve(order)

    async def reject(self, comment: str = "") -> Outcome:
        """Turn the order down, which only a pending order allows."""
        order = self._order_for(OrderAction.REJECT)
        await self._order.known(order)
        return await self._orders.reject(order, comment=comment)

    async def done(self) -> Outcome:
        """Report the work as done; a pending order is approved before, as Waldur demands."""
        order = self._order_for(OrderAction.DONE)
        facts = await self._order.own(order)
        if facts.state is OrderState.PENDING_PROVIDER:
            return await self._approved_and_done(facts)
        if not is_allowed(OrderAction.DONE, facts.state):
            return already_or_conflict(OrderAction.DONE, facts)
        return await self._orders.done(order)

    async def erred(self, message: str, traceback: str = "") -> Outcome:
        """Report the work as failed; a pending order is approved before, as Waldur demands.

        An order of a Basic offering cannot err, and approving it would report it as done: while it
        is pending it is rejected, with the message as comment.
        """
        order = self._order_for(OrderAction.ERRED, OrderAction.APPROVE)
        facts = await self._order.known(order)
        if facts.offering_type == BASIC and facts.state in _REJECTABLE:
            return await self._orders.reject(order, comment=message)
        if facts.state is OrderState.PENDING_PROVIDER:
            with suppress(OrderErredError):  # it has come to what is wanted by itself
                await self._orders.approve(order)
        return await self._orders.erred(order, message=message, traceback=traceback)

    async def set_backend_id(self, backend_id: str) -> Outcome:
        """Give the resource the provisioner's name for it."""
        resource = await self._own_resource_for(ResourceAction.SET_BACKEND_ID)
        return await self._orders.set_backend_id(resource, backend_id)

    async def set_ok(self) -> Outcome:
        """Make the resource OK, whatever it was; its order stays as it is."""
        resource = await self._own_resource_for(ResourceAction.SET_OK)
        return await self._orders.set_resource_ok(resource)

    async def update_options(self, options: Mapping[str, object]) -> Outcome:
        """Give the resource new options, while its order is pending. Name all of them."""
        resource = await self._own_resource_for(ResourceAction.UPDATE_OPTIONS)
        return await self._orders.update_options(resource, options)

    async def _approved_and_done(self, facts: OrderFacts) -> Outcome:
        approved = await self._orders.approve(facts.uuid)
        if facts.offering_type == BASIC:
            facts = await self._order.own(facts.uuid)
            if facts.state is OrderState.DONE:
                return approved
        return _together(approved, await self._orders.done(facts.uuid))

    async def _own_resource_for(self, action: ResourceAction) -> UUID:
        resource = self._resource_for(action)
        if self.offered.order is not None:
            await self._order.known(self.offered.order)
        return resource

    def _order_for(self, *any_of: OrderAction) -> UUID:
        if self.offered.order is None or not self.offered.actions.intersection(any_of):
            raise self._not_offered(any_of[0])
        return self.offered.order

    def _resource_for(self, action: ResourceAction) -> UUID:
        if self.offered.resource is None or action not in self.offered.actions:
            raise self._not_offered(action)
        return self.offered.resource

    def _not_offered(self, action: OrderAction | ResourceAction) -> ActionNotOfferedError:
        return ActionNotOfferedError(str(self.row.item_id), action.value)


_REJECTABLE: Final = frozenset({OrderState.PENDING_PROVIDER, OrderState.REJECTED})


def may_work(facts: OrderFacts) -> bool:
    """Whether the work of an order may be done now, after `begin` has taken it on."""
    if facts.state is OrderState.PENDING_PROVIDER:
        return facts.offering_type == BASIC
    return facts.state is OrderState.EXECUTING


def _together(first: Outcome, second: Outcome) -> Outcome:
    """What two steps have come to: a step that was already there does not count."""
    return first if second is Outcome.ALREADY else second
