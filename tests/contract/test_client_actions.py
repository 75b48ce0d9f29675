"""What a provisioner may do about a row ends alike over every adapter of `WaldurOrders`.

The client's unit tests have the details; here the same steps go over real sockets to both versions
of Waldur's emulator, to the fake, and into a journal.
"""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from cscs_client import AsyncRowActions, AsyncStorageClient, may_work
from cscs_domain.orders import Outcome
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from tests.contract.waldur_orders_adapters import (
    EVERY_ADAPTER,
    THAT_SEND,
    Desk,
    OrdersAdapter,
    Placed,
    those,
)
from tests.unit.client.directories import WALDUR, directory

CREATE, UPDATE, TERMINATE = OrderType.CREATE, OrderType.UPDATE, OrderType.TERMINATE
DONE: Final = {CREATE: "OK", UPDATE: "OK", TERMINATE: "Terminated"}
REJECTED: Final = {CREATE: "Terminated", UPDATE: "OK", TERMINATE: "OK"}

every_type = pytest.mark.parametrize("kind", DONE)
both_offerings = pytest.mark.parametrize("basic", [False, True], ids=["agent-driven", "basic"])


@pytest.fixture(params=EVERY_ADAPTER, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> OrdersAdapter:
    made: OrdersAdapter = request.param
    return made


@attrs.frozen
class Row:
    """A row of a pending order."""

    desk: Desk
    placed: Placed
    kind: OrderType

    @property
    def actions(self) -> AsyncRowActions:
        state = ResourceState.CREATING if self.kind is CREATE else ResourceState.OK
        row = directory(state, order=self.placed.order, resource=self.placed.resource)
        client = AsyncStorageClient("http://storage", waldur_url=WALDUR, orders=self.desk.orders)
        return client.actions(row)

    @property
    def resource(self) -> str:
        return self.desk.seen(self.placed.resource).state

    async def order(self) -> OrderState:
        return (await self.desk.orders.order(self.placed.order)).state


def row_of(desk: Desk, kind: OrderType, *, basic: bool = False) -> Row:
    return Row(desk, desk.place(kind, basic=basic), kind)


@every_type
async def test_work_is_taken_on_and_reported(
    desk: Desk, adapter: OrdersAdapter, kind: OrderType
) -> None:
    actions = row_of(desk, kind).actions

    assert may_work(await actions.begin())
    assert await actions.set_backend_id("fs-1") is adapter.first
    assert await actions.done() is adapter.first
    assert await actions.done() is Outcome.ALREADY
    assert (await actions.order()).state is OrderState.DONE


@those(THAT_SEND)
@both_offerings
@every_type
async def test_done_at_once_is_done(desk: Desk, kind: OrderType, basic: bool) -> None:
    row = row_of(desk, kind, basic=basic)

    assert [await row.actions.done() for _ in range(3)] == [
        Outcome.DONE,
        Outcome.ALREADY,
        Outcome.ALREADY,
    ]
    assert (await row.order(), row.resource) == (OrderState.DONE, DONE[kind])


@those(THAT_SEND)
@both_offerings
@every_type
async def test_work_after_begin_is_done(desk: Desk, kind: OrderType, basic: bool) -> None:
    row = row_of(desk, kind, basic=basic)

    assert may_work(await row.actions.begin())
    assert may_work(await row.actions.begin())
    assert await row.actions.done() is Outcome.DONE
    assert not may_work(await row.actions.begin())
    assert (await row.order(), row.resource) == (OrderState.DONE, DONE[kind])


@those(THAT_SEND)
@both_offerings
@every_type
async def test_what_failed_is_never_sold(desk: Desk, kind: OrderType, basic: bool) -> None:
    """An order that errs has been approved, and approval is all that a Basic offering asks for."""
    row = row_of(desk, kind, basic=basic)
    if kind is CREATE and not basic:
        await row.actions.set_backend_id("half-made")
    outcomes = [await row.actions.erred("disk full", "line 1") for _ in range(3)]
    ended = await row.order(), row.resource

    assert outcomes == [Outcome.DONE, Outcome.ALREADY, Outcome.ALREADY]
    if basic:
        assert ended == (OrderState.REJECTED, REJECTED[kind])
    else:
        assert ended[0] is OrderState.ERRED
        assert ended[1] == "Erred" or (kind is TERMINATE and ended[1] == "OK")


@those(THAT_SEND)
@both_offerings
@every_type
async def test_what_was_turned_down_stays_so(desk: Desk, kind: OrderType, basic: bool) -> None:
    row = row_of(desk, kind, basic=basic)
    outcomes = [await row.actions.reject("no room") for _ in range(2)]

    assert outcomes == [Outcome.DONE, Outcome.ALREADY]
    assert not may_work(await row.actions.begin())
    assert (await row.order(), row.resource) == (OrderState.REJECTED, REJECTED[kind])
