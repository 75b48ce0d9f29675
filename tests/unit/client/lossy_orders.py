"""A Waldur in memory that acts as it is told, and whose answers to actions get lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_domain import OrderFacts, Outcome, UpstreamServiceError
from cscs_domain.ports import WaldurOrders
from cscs_fakes.waldur_orders import FakeWaldurOrders

LOST: Final = UpstreamServiceError("Waldur", "hung up")


@attrs.frozen
class LossyOrders:
    """`FakeWaldurOrders` whose reads are answered, and whose actions are done and not answered."""

    waldur: FakeWaldurOrders

    async def order(self, order: UUID) -> OrderFacts:
        return await self.waldur.order(order)

    async def approve(self, order: UUID) -> Outcome:
        await self.waldur.approve(order)
        raise LOST

    async def reject(self, order: UUID, *, comment: str = "") -> Outcome:
        await self.waldur.reject(order, comment=comment)
        raise LOST

    async def done(self, order: UUID) -> Outcome:
        await self.waldur.done(order)
        raise LOST

    async def erred(self, order: UUID, *, message: str, traceback: str = "") -> Outcome:
        await self.waldur.erred(order, message=message, traceback=traceback)
        raise LOST

    async def set_backend_id(self, resource: UUID, backend_id: str) -> Outcome:
        await self.waldur.set_backend_id(resource, backend_id)
        raise LOST

    async def set_resource_ok(self, resource: UUID) -> Outcome:
        await self.waldur.set_resource_ok(resource)
        raise LOST

    async def update_options(self, resource: UUID, options: Mapping[str, object]) -> Outcome:
        await self.waldur.update_options(resource, options)
        raise LOST


_: type[WaldurOrders] = LossyOrders
