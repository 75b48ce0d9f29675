"""The promises of `WaldurOrders`, kept by every adapter in `waldur_orders_adapters`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cscs_domain.errors import (
    InvalidValueError,
    OrderConflictError,
    OrderErredError,
    ResourceConflictError,
    UnknownOrderError,
    UnknownResourceError,
    UpstreamServiceError,
)
from cscs_domain.orders import Outcome
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.states import OrderState, OrderType
from tests.contract.waldur_orders_adapters import (
    CURRENT,
    EVERY_ADAPTER,
    FAKE,
    HTTP,
    OLD_HTTP,
    THAT_SEND,
    THAT_SEND_ALL,
    Desk,
    OrdersAdapter,
    Placed,
    Sites,
    those,
)

pytestmark = pytest.mark.anyio

OrderCall: TypeAlias = Callable[[WaldurOrders, UUID], Awaitable[Outcome]]

ORDER_CALLS: Final[dict[str, OrderCall]] = {
    "approve_by_provider": lambda orders, order: orders.approve(order),
    "reject_by_provider": lambda orders, order: orders.reject(order, comment="no space"),
    "set_state_done": lambda orders, order: orders.done(order),
    "set_state_erred": lambda orders, order: orders.erred(order, message="pool full"),
}
RESOURCE_CALLS: Final[dict[str, OrderCall]] = {
    "set_backend_id": lambda orders, resource: orders.set_backend_id(resource, "fs-1"),
    "set_state_ok": lambda orders, resource: orders.set_resource_ok(resource),
    "update_options_direct": lambda orders, resource: orders.update_options(
        resource, {"soft_quota_space": 3}
    ),
}
# How an order gets into a state.
WAY_TO: Final[dict[str, Sequence[str]]] = {
    "pending-provider": [],
    "executing": ["approve_by_provider"],
    "done": ["approve_by_provider", "set_state_done"],
    "erred": ["approve_by_provider", "set_state_erred"],
    "rejected": ["reject_by_provider"],
}
FIRST: Final = "first"
ALREADY: Final = "already"
CONFLICT: Final = "conflict"
# The states in the order of `WAY_TO`.
EXPECTED: Final[dict[str, Sequence[str]]] = {
    "approve_by_provider": [FIRST, ALREADY, ALREADY, ALREADY, CONFLICT],
    "reject_by_provider": [FIRST, CONFLICT, CONFLICT, CONFLICT, ALREADY],
    "set_state_done": [CONFLICT, FIRST, ALREADY, CONFLICT, CONFLICT],
    "set_state_erred": [CONFLICT, FIRST, CONFLICT, ALREADY, CONFLICT],
}
MATRIX: Final = [
    (action, state, expected)
    for action, row in EXPECTED.items()
    for state, expected in zip(WAY_TO, row, strict=True)
]


@pytest.fixture(params=EVERY_ADAPTER, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> OrdersAdapter:
    made: OrdersAdapter = request.param
    return made


async def bring(desk: Desk, placed: Placed, state: str) -> None:
    for action in WAY_TO[state]:
        await ORDER_CALLS[action](desk.orders, placed.order)


async def said_by(orders: WaldurOrders, action: str, order: UUID) -> Outcome | str:
    """The outcome of an action, or the word for a conflict."""
    try:
        return await ORDER_CALLS[action](orders, order)
    except OrderConflictError:
        return CONFLICT


class TestOrders:
    async def test_a_new_order_waits_for_the_provider(self, desk: Desk) -> None:
        facts = await desk.orders.order(desk.place().order)

        assert facts.state is OrderState.PENDING_PROVIDER
        assert facts.state_text == "pending-provider"

    @those(THAT_SEND)
    @pytest.mark.parametrize("kind", [OrderType.CREATE, OrderType.UPDATE, OrderType.TERMINATE])
    async def test_an_order_says_what_it_is_about(self, desk: Desk, kind: OrderType) -> None:
        placed = desk.place(kind)

        facts = await desk.orders.order(placed.order)

        assert (facts.uuid, facts.resource, facts.type) == (placed.order, placed.resource, kind)

    @pytest.mark.parametrize(("action", "state", "expected"), MATRIX)
    async def test_an_action_on_an_order_in_any_state(
        self, desk: Desk, adapter: OrdersAdapter, action: str, state: str, expected: str
    ) -> None:
        """Done, or done before, or refused without a change: there is nothing else."""
        placed = desk.place()
        await bring(desk, placed, state)

        said = await said_by(desk.orders, action, placed.order)

        words = {FIRST: adapter.first, ALREADY: Outcome.ALREADY, CONFLICT: CONFLICT}
        assert said == words[expected]
        after = (await desk.orders.order(placed.order)).state.value
        assert (after == state) is (expected != FIRST)

    @pytest.mark.parametrize("state", WAY_TO)
    async def test_every_way_leads_where_it_should(self, desk: Desk, state: str) -> None:
        placed = desk.place()

        await bring(desk, placed, state)

        assert (await desk.orders.order(placed.order)).state.value == state

    @pytest.mark.parametrize("action", ORDER_CALLS)
    @pytest.mark.parametrize("times", [2, 5])
    async def test_a_call_may_come_any_number_of_times(
        self, desk: Desk, adapter: OrdersAdapter, action: str, times: int
    ) -> None:
        """Callers that do not know whether their answer got lost send again."""
        placed = desk.place()
        await bring(desk, placed, "executing" if action.startswith("set") else "pending-provider")

        said = [await ORDER_CALLS[action](desk.orders, placed.order) for _ in range(times)]

        assert said == [adapter.first, *[Outcome.ALREADY] * (times - 1)]

    @pytest.mark.parametrize("state", ["done", "erred", "rejected"])
    async def test_a_late_repetition_of_an_approval_changes_nothing(
        self, desk: Desk, state: str
    ) -> None:
        placed = desk.place()
        await bring(desk, placed, state)

        await said_by(desk.orders, "approve_by_provider", placed.order)

        assert (await desk.orders.order(placed.order)).state.value == state

    async def test_a_conflict_says_what_to_do(self, desk: Desk) -> None:
        placed = desk.place()

        with pytest.raises(OrderConflictError) as caught:
            await desk.orders.done(placed.order)

        error = caught.value
        assert (error.order, error.action) == (placed.order, "set_state_done")
        assert error.state == "pending-provider"
        assert error.advice

    async def test_a_failure_can_be_read_back(self, desk: Desk) -> None:
        placed = desk.place()
        await desk.orders.approve(placed.order)

        await desk.orders.erred(placed.order, message="pool full", traceback="line 1\nline 2")

        assert (await desk.orders.order(placed.order)).error_message == "pool full"

    @pytest.mark.parametrize(
        "text",
        ["", "x" * 10**6, "\x00\x1b[2J", "\ud800", "é\n\t"],
        ids=lambda text: ascii(text[:9]),
    )
    async def test_any_text_can_be_reported(
        self, desk: Desk, adapter: OrdersAdapter, text: str
    ) -> None:
        """A failure must not go unreported because of how somebody's tool described it."""
        failed, refused = desk.place(), desk.place()
        await desk.orders.approve(failed.order)

        said = {
            await desk.orders.erred(failed.order, message=text, traceback=text),
            await desk.orders.reject(refused.order, comment=text),
        }

        assert said == {adapter.first}
        assert len((await desk.orders.order(failed.order)).error_message) <= 10_000

    @those(THAT_SEND)
    @pytest.mark.parametrize("action", ORDER_CALLS)
    async def test_an_order_that_is_not_there_is_told(self, desk: Desk, action: str) -> None:
        with pytest.raises(UnknownOrderError):
            await ORDER_CALLS[action](desk.orders, UUID(int=2**100))

    @those(THAT_SEND)
    async def test_an_order_that_is_not_there_cannot_be_read(self, desk: Desk) -> None:
        with pytest.raises(UnknownOrderError, match="not visible"):
            await desk.orders.order(UUID(int=2**100))


@those(THAT_SEND)
class TestFlows:
    @pytest.mark.parametrize(
        ("kind", "working", "done"),
        [
            (OrderType.CREATE, "Creating", "OK"),
            (OrderType.UPDATE, "Updating", "OK"),
            (OrderType.TERMINATE, "Terminating", "Terminated"),
        ],
    )
    async def test_a_resource_follows_its_order(
        self, desk: Desk, kind: OrderType, working: str, done: str
    ) -> None:
        placed = desk.place(kind)

        await desk.orders.approve(placed.order)
        while_working = desk.seen(placed.resource).state
        await desk.orders.done(placed.order)

        assert (while_working, desk.seen(placed.resource).state) == (working, done)

    @pytest.mark.parametrize(
        ("kind", "state"),
        [
            (OrderType.CREATE, "Terminated"),
            (OrderType.UPDATE, "OK"),
            (OrderType.TERMINATE, "OK"),
        ],
    )
    async def test_a_rejection_ends_only_what_was_never_made(
        self, desk: Desk, kind: OrderType, state: str
    ) -> None:
        placed = desk.place(kind)

        await desk.orders.reject(placed.order)

        assert desk.seen(placed.resource).state == state

    async def test_a_failed_update_leaves_an_erred_resource(self, desk: Desk) -> None:
        placed = desk.place(OrderType.UPDATE)
        await desk.orders.approve(placed.order)

        await desk.orders.erred(placed.order, message="pool full")

        assert desk.seen(placed.resource).state == "Erred"

    @pytest.mark.parametrize("state", ["pending-provider", "done", "rejected"])
    async def test_a_failure_at_the_wrong_time_does_not_touch_the_resource(
        self, desk: Desk, state: str
    ) -> None:
        """Old servers would take it and break a resource that is in use."""
        placed = desk.place()
        await bring(desk, placed, state)
        before = desk.seen(placed.resource)

        assert await said_by(desk.orders, "set_state_erred", placed.order) == CONFLICT

        assert desk.seen(placed.resource) == before

    async def test_a_basic_offerings_order_is_done_by_its_approval(self, desk: Desk) -> None:
        placed = desk.place(basic=True)

        said = [await desk.orders.approve(placed.order), await desk.orders.approve(placed.order)]

        assert said == [Outcome.DONE, Outcome.ALREADY]
        assert (await desk.orders.order(placed.order)).state is OrderState.DONE
        assert desk.seen(placed.resource).state == "OK"
        assert await desk.orders.done(placed.order) is Outcome.ALREADY

    async def test_an_approval_that_waldur_cannot_process_is_told(self, desk: Desk) -> None:
        """The answer to it looks like every other; only the order tells."""
        placed = desk.place(fails_with="no such plan")

        with pytest.raises(OrderErredError, match="no such plan") as caught:
            await desk.orders.approve(placed.order)

        assert caught.value.order == placed.order
        assert await desk.orders.approve(placed.order) is Outcome.ALREADY

    @pytest.mark.parametrize("approved", [False, True])
    async def test_a_basic_offerings_order_cannot_be_reported_as_failed(
        self, desk: Desk, approved: bool
    ) -> None:
        placed = desk.place(basic=True)
        if approved:
            await desk.orders.approve(placed.order)
        before = desk.seen(placed.resource)

        assert await said_by(desk.orders, "set_state_erred", placed.order) == CONFLICT

        assert desk.seen(placed.resource) == before


class TestResources:
    @pytest.mark.parametrize("state", WAY_TO)
    async def test_a_backend_id_can_be_set_in_every_state(
        self, desk: Desk, adapter: OrdersAdapter, state: str
    ) -> None:
        placed = desk.place()
        await bring(desk, placed, state)

        assert await desk.orders.set_backend_id(placed.resource, "fs-1") is adapter.first

    @pytest.mark.parametrize("backend_id", ["", " ", " a", "a\n", "a\x00", "x" * 256], ids=ascii)
    async def test_a_backend_id_that_cannot_be_is_refused(
        self, desk: Desk, backend_id: str
    ) -> None:
        with pytest.raises(InvalidValueError):
            await desk.orders.set_backend_id(desk.place().resource, backend_id)

    @pytest.mark.parametrize("options", [{}, {"": 1}, {"o": 1.5}, {"o": object()}], ids=repr)
    async def test_options_that_cannot_be_are_refused(
        self, desk: Desk, options: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidValueError):
            await desk.orders.update_options(desk.place().resource, options)

    @those(CURRENT)
    @pytest.mark.parametrize("action", RESOURCE_CALLS)
    async def test_a_call_may_come_any_number_of_times(
        self, desk: Desk, adapter: OrdersAdapter, action: str
    ) -> None:
        """Only the first time it must say so; to say "done" again does no harm."""
        placed = desk.place()
        await bring(desk, placed, "executing")

        said = [await RESOURCE_CALLS[action](desk.orders, placed.resource) for _ in range(3)]

        assert said[0] is adapter.first
        assert set(said[1:]) <= {Outcome.ALREADY, Outcome.DONE}

    @those(THAT_SEND)
    @pytest.mark.parametrize("backend_id", ["fs-1", "é" * 255, "/capstor/store/a b"])
    async def test_a_backend_id_arrives(self, desk: Desk, backend_id: str) -> None:
        placed = desk.place()
        await desk.orders.set_backend_id(placed.resource, "fs-0")

        await desk.orders.set_backend_id(placed.resource, backend_id)

        assert desk.seen(placed.resource).backend_id == backend_id

    @those(THAT_SEND_ALL)
    async def test_options_arrive(self, desk: Desk) -> None:
        placed = desk.place(OrderType.UPDATE)

        await desk.orders.update_options(placed.resource, {"soft_quota_space": 3})

        options = desk.seen(placed.resource).options
        assert isinstance(options, dict)
        assert options["soft_quota_space"] == 3

    @those(THAT_SEND_ALL)
    async def test_an_erred_resource_becomes_ok_and_its_order_stays(self, desk: Desk) -> None:
        placed = desk.place(OrderType.UPDATE)
        await bring(desk, placed, "erred")

        assert await desk.orders.set_resource_ok(placed.resource) is Outcome.DONE

        assert desk.seen(placed.resource).state == "OK"
        assert (await desk.orders.order(placed.order)).state is OrderState.ERRED
        assert await desk.orders.set_resource_ok(placed.resource) is Outcome.ALREADY

    @those(THAT_SEND_ALL)
    async def test_a_terminated_resource_stays_terminated(self, desk: Desk) -> None:
        placed = desk.place(OrderType.TERMINATE)
        await bring(desk, placed, "done")

        with pytest.raises(ResourceConflictError, match="Terminated"):
            await desk.orders.set_resource_ok(placed.resource)

    @those(THAT_SEND)
    async def test_a_backend_id_for_nobody_is_told(self, desk: Desk) -> None:
        with pytest.raises(UnknownResourceError):
            await desk.orders.set_backend_id(UUID(int=2**100), "fs-1")

    @those(THAT_SEND_ALL)
    @pytest.mark.parametrize("action", RESOURCE_CALLS)
    async def test_a_resource_that_is_not_there_is_told(self, desk: Desk, action: str) -> None:
        with pytest.raises(UnknownResourceError, match="not visible"):
            await RESOURCE_CALLS[action](desk.orders, UUID(int=2**100))

    @those([OLD_HTTP])
    @pytest.mark.parametrize("action", ["set_state_ok", "update_options_direct"])
    async def test_an_old_server_is_told_from_an_absent_resource(
        self, desk: Desk, action: str
    ) -> None:
        placed = desk.place()

        with pytest.raises(UpstreamServiceError, match="no such action") as caught:
            await RESOURCE_CALLS[action](desk.orders, placed.resource)

        assert not caught.value.retryable


@pytest.mark.parametrize("action", [*ORDER_CALLS, *RESOURCE_CALLS])
async def test_no_answer_is_an_upstream_error(
    adapter: OrdersAdapter, tmp_path: Path, action: str
) -> None:
    """And neither success nor a reason to give the order up."""
    call = {**ORDER_CALLS, **RESOURCE_CALLS}[action]
    async with adapter.broken(tmp_path) as orders:
        with pytest.raises(UpstreamServiceError) as caught:
            await call(orders, UUID(int=7))
        with pytest.raises(UpstreamServiceError):
            await orders.order(UUID(int=7))

    assert caught.value.service.startswith("Waldur")


WALKS: Final = st.lists(st.sampled_from(sorted(ORDER_CALLS)), max_size=6)
KINDS: Final = st.sampled_from([OrderType.CREATE, OrderType.UPDATE, OrderType.TERMINATE])


@pytest.mark.parametrize("server", [HTTP, OLD_HTTP], ids=lambda adapter: adapter.name)
@settings(max_examples=40)
@given(walk=WALKS, kind=KINDS, basic=st.booleans())
async def test_the_fake_tells_the_same_story_as_a_server(
    sites: Sites, server: OrdersAdapter, walk: list[str], kind: OrderType, basic: bool
) -> None:
    """Whoever tests against the fake is told what a server would tell, call by call."""
    stories = []
    for adapter in (FAKE, server):
        async with adapter.opened(Path("/nowhere"), sites) as desk:
            placed = desk.place(kind, basic=basic)
            said = [await said_by(desk.orders, action, placed.order) for action in walk]
            state = (await desk.orders.order(placed.order)).state
            # Old servers leave another resource behind after a failure.
            seen = "" if "set_state_erred" in walk else desk.seen(placed.resource).state
        stories.append((said, state, seen))

    assert stories[0] == stories[1]
