"""The order behind a row's URLs: read from Waldur, and held against the row before any action.

A row comes from one server and the order from another. Only if both speak of the same resource is
the order the one that the row's work is for.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import attrs

from cscs_client.errors import ForeignOrderError
from cscs_domain.orders import OrderFacts
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.states import OrderState

_GOING_ON: Final = frozenset({OrderState.PENDING_PROVIDER, OrderState.EXECUTING})
"""States that an action may go by though they were read a while ago: Waldur refuses what has
become wrong since, and its refusal is judged by reading the order back.
"""


@attrs.define
class RowOrder:
    """The order of one resource's row, and how it stood when it was last read."""

    _resource: UUID
    _orders: WaldurOrders = attrs.field(repr=False)
    _last: OrderFacts | None = attrs.field(default=None, init=False)

    async def now(self, order: UUID) -> OrderFacts:
        """The order as it is now, whomever it belongs to."""
        self._last = await self._orders.order(order)
        return self._last

    async def own(self, order: UUID) -> OrderFacts:
        """The order as it is now. Raises `ForeignOrderError` unless it is the resource's."""
        return self.checked(await self.now(order))

    async def known(self, order: UUID) -> OrderFacts:
        """The same, without a request if the last one found the order pending or executing."""
        last = self._last
        if last is None or last.state not in _GOING_ON:
            return await self.own(order)
        return self.checked(last)

    def checked(self, facts: OrderFacts) -> OrderFacts:
        """What somebody has read. Raises `ForeignOrderError` unless it is the resource's."""
        if reason := why_foreign(facts, self._resource):
            raise ForeignOrderError("order", str(facts.uuid), f"of row {self._resource}: {reason}")
        return facts


def why_foreign(facts: OrderFacts, resource: UUID) -> str:
    """Why an order cannot be taken for one of this resource; blank if it can."""
    if facts.resource == resource or facts.tells_only_its_state:
        return ""
    if facts.resource is None:
        return "its order does not tell which resource it belongs to"
    return "its order belongs to another resource"
