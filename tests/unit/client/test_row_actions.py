"""Actions of a row lead an order through its states, however often they are called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Final
from uuid import UUID

import attrs
import pytest

from cscs_client import (
    ActionNotOfferedError,
    AsyncRowActions,
    AsyncStorageClient,
    ForeignOrderError,
    may_work,
)
from cscs_domain import (
    ConfigurationError,
    OrderConflictError,
    OrderErredError,
    OrderFacts,
    OrderState,
    OrderType,
    Outcome,
    ResourceState,
    StorageRow,
    UpstreamServiceError,
)
from cscs_fakes.waldur_order_book import AGENT_DRIVEN, BASIC
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.unit.client.directories import ORDER, RESOURCE, WALDUR, directory
from tests.unit.client.lossy_orders import LossyOrders

PENDING: Final = OrderState.PENDING_PROVIDER
EXECUTING: Final = OrderState.EXECUTING
STATE_WITH: Final = {
    OrderType.CREATE: ResourceState.CREATING,
    OrderType.UPDATE: ResourceState.OK,
    OrderType.TERMINATE: ResourceState.OK,
}
AFTER_SUCCESS: Final = {
    OrderType.CREATE: ResourceState.OK,
    OrderType.UPDATE: ResourceState.OK,
    OrderType.TERMINATE: ResourceState.TERMINATED,
}


@attrs.define
class Desk:
    """A Waldur with one order, and what a client makes of its row."""

    waldur: FakeWaldurOrders
    row: StorageRow

    @property
    def actions(self) -> AsyncRowActions:
        client = AsyncStorageClient("http://storage", waldur_url=WALDUR, orders=self.waldur)
        return client.actions(self.row)

    @property
    def state(self) -> OrderState:
        return self.waldur.orders[ORDER].state

    @property
    def resource_state(self) -> ResourceState:
        return self.waldur.resources[RESOURCE].state


def desk(
    kind: OrderType = OrderType.CREATE,
    state: OrderState = PENDING,
    offering: str = AGENT_DRIVEN,
    fails_with: str | None = None,
) -> Desk:
    waldur = FakeWaldurOrders()
    waldur.add_order(
        ORDER,
        resource=RESOURCE,
        type=kind,
        state=state,
        offering_type=offering,
        fails_with=fails_with,
    )
    return Desk(waldur, directory(STATE_WITH[kind], state))


both_offerings = pytest.mark.parametrize("offering", [AGENT_DRIVEN, BASIC])
every_type = pytest.mark.parametrize("kind", STATE_WITH)


@both_offerings
@every_type
async def test_done_approves_before_and_may_be_said_twice(kind: OrderType, offering: str) -> None:
    place = desk(kind, offering=offering)

    assert await place.actions.done() is Outcome.DONE
    assert await place.actions.done() is Outcome.ALREADY
    assert (place.state, place.resource_state) == (OrderState.DONE, AFTER_SUCCESS[kind])


async def test_done_of_an_executing_order_approves_nothing() -> None:
    place = desk(state=EXECUTING)

    assert await place.actions.done() is Outcome.DONE
    assert place.waldur.actions == 1


@every_type
async def test_erred_approves_before_and_may_be_said_twice(kind: OrderType) -> None:
    place = desk(kind)

    assert await place.actions.erred("disk full", "line 1") is Outcome.DONE
    assert await place.actions.erred("disk full", "line 1") is Outcome.ALREADY
    assert place.state is OrderState.ERRED
    assert place.waldur.orders[ORDER].error_message == "disk full"
    assert place.waldur.orders[ORDER].traceback == "line 1"


@every_type
async def test_erred_never_approves_an_order_of_a_basic_offering(kind: OrderType) -> None:
    """Approval is all that such an order needs to be done, and its customer to be billed."""
    place = desk(kind, offering=BASIC)

    assert await place.actions.erred("disk full") is Outcome.DONE
    assert await place.actions.erred("disk full") is Outcome.ALREADY
    assert place.state is OrderState.REJECTED
    assert place.waldur.orders[ORDER].comment == "disk full"


async def test_erred_is_content_with_an_order_that_errs_when_approved() -> None:
    place = desk(fails_with="no quota left")

    assert await place.actions.erred("disk full") is Outcome.ALREADY
    assert place.state is OrderState.ERRED


async def test_done_tells_that_an_order_erred_when_approved() -> None:
    with pytest.raises(OrderErredError, match="no quota left"):
        await desk(fails_with="no quota left").actions.done()


@both_offerings
async def test_an_order_that_is_done_cannot_err(offering: str) -> None:
    place = desk(offering=offering)
    await place.actions.done()

    with pytest.raises(OrderConflictError):
        await place.actions.erred("too late")
    assert place.state is OrderState.DONE


@both_offerings
async def test_reject_may_be_said_twice(offering: str) -> None:
    place = desk(offering=offering)

    assert await place.actions.reject("no room") is Outcome.DONE
    assert await place.actions.reject("no room") is Outcome.ALREADY
    assert (place.state, place.resource_state) == (OrderState.REJECTED, ResourceState.TERMINATED)


async def test_an_executing_order_cannot_be_rejected() -> None:
    with pytest.raises(ActionNotOfferedError, match="reject_by_provider"):
        await desk(state=EXECUTING).actions.reject()


async def test_an_order_that_has_gone_on_since_cannot_be_rejected() -> None:
    """The row is older than Waldur's state."""
    place = desk()
    await place.actions.approve()

    with pytest.raises(OrderConflictError, match="executing"):
        await place.actions.reject()


class TestBegin:
    async def test_it_approves_what_an_agent_does(self) -> None:
        place = desk()
        facts = await place.actions.begin()

        assert (facts.state, may_work(facts)) == (EXECUTING, True)
        assert (await place.actions.begin()).state is EXECUTING
        assert place.waldur.actions == 1

    async def test_it_leaves_an_order_of_a_basic_offering_pending_until_the_work_is_done(
        self,
    ) -> None:
        place = desk(offering=BASIC)
        facts = await place.actions.begin()

        assert (facts.state, may_work(facts)) == (PENDING, True)
        assert place.waldur.actions == 0

    @pytest.mark.parametrize(
        "state", [s for s in OrderState if s not in {PENDING, EXECUTING}], ids=str
    )
    async def test_it_tells_that_there_is_nothing_to_do_any_more(self, state: OrderState) -> None:
        place = desk()
        place.waldur.orders[ORDER].state = state
        facts = await place.actions.begin()

        assert (facts.state, may_work(facts)) == (state, False)
        assert place.waldur.actions == 0


class TestResources:
    async def test_a_backend_id_may_be_set_twice(self) -> None:
        place = desk(state=EXECUTING)

        assert await place.actions.set_backend_id("/capstor/a") is Outcome.DONE
        assert await place.actions.set_backend_id("/capstor/a") is Outcome.ALREADY
        assert place.waldur.resources[RESOURCE].backend_id == "/capstor/a"

    async def test_a_resource_may_be_made_ok_twice(self) -> None:
        place = desk(state=EXECUTING)

        assert await place.actions.set_ok() is Outcome.DONE
        assert await place.actions.set_ok() is Outcome.ALREADY
        assert (place.state, place.resource_state) == (EXECUTING, ResourceState.OK)

    async def test_options_may_be_set_twice(self) -> None:
        place = desk()

        assert await place.actions.update_options({"permissions": "2750"}) is Outcome.DONE
        assert await place.actions.update_options({"permissions": "2750"}) is Outcome.ALREADY
        assert place.waldur.resources[RESOURCE].options == {"permissions": "2750"}


CALLS: Final[dict[str, Callable[[AsyncRowActions], Awaitable[object]]]] = {
    "order": lambda actions: actions.order(),
    "begin": lambda actions: actions.begin(),
    "approve": lambda actions: actions.approve(),
    "reject": lambda actions: actions.reject("no"),
    "done": lambda actions: actions.done(),
    "erred": lambda actions: actions.erred("no"),
    "set_backend_id": lambda actions: actions.set_backend_id("a"),
    "set_ok": lambda actions: actions.set_ok(),
    "update_options": lambda actions: actions.update_options({"a": "b"}),
}
every_call = pytest.mark.parametrize("name", CALLS)
every_action = pytest.mark.parametrize("name", sorted(CALLS.keys() - {"order"}))


@every_call
async def test_a_row_without_an_order_offers_nothing(name: str) -> None:
    place = desk()
    place.row = directory(order_state=None)

    with pytest.raises(ActionNotOfferedError, match=str(RESOURCE)):
        await CALLS[name](place.actions)
    assert place.waldur.actions == 0


@every_call
async def test_a_lost_answer_is_made_good_by_calling_again(name: str) -> None:
    """Waldur acted, and nobody was told: the second call succeeds, and the state is the same."""
    lost, plain = desk(), desk()
    client = AsyncStorageClient(
        "http://storage", waldur_url=WALDUR, orders=LossyOrders(lost.waldur)
    )
    acts = name != "order"
    with pytest.raises(UpstreamServiceError) if acts else nullcontext():
        await CALLS[name](client.actions(lost.row))
    assert lost.waldur.actions == acts

    await CALLS[name](lost.actions)
    await CALLS[name](plain.actions)

    assert lost.waldur.orders == plain.waldur.orders
    assert lost.waldur.resources == plain.waldur.resources


@every_action
@pytest.mark.parametrize("after_reading", [False, True])
async def test_an_order_of_another_resource_is_not_acted_upon(
    name: str, after_reading: bool
) -> None:
    """A row's resource comes from our server, and an order's from Waldur."""
    place = desk()
    place.waldur.add_resource(UUID(int=5))
    place.waldur.orders[ORDER].resource = UUID(int=5)
    actions = place.actions
    if after_reading:
        assert (await actions.order()).resource == UUID(int=5)

    with pytest.raises(ForeignOrderError, match="belongs to another resource"):
        await CALLS[name](actions)
    assert place.waldur.actions == 0


async def test_what_somebody_has_read_is_held_against_the_row_as_well() -> None:
    place = desk()
    foreign = attrs.evolve(await place.actions.order(), resource=UUID(int=5))

    with pytest.raises(ForeignOrderError, match=str(RESOURCE)):
        await place.actions.begin(foreign)
    assert place.waldur.actions == 0


@attrs.define
class CountingOrders(FakeWaldurOrders):
    """Counts how often an order is read."""

    reads: int = 0

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    async def order(self, order: UUID) -> OrderFacts:
        self.reads += 1
        return await super().order(order)


@pytest.mark.parametrize("name", ["set_backend_id", "set_ok", "update_options", "approve", "erred"])
async def test_what_was_read_before_is_not_read_again(name: str) -> None:
    waldur = CountingOrders()
    waldur.add_order(ORDER, resource=RESOURCE)
    actions = Desk(waldur, directory()).actions
    await actions.order()
    await CALLS[name](actions)

    assert waldur.reads == 1


def test_without_a_waldur_no_actions_are_made() -> None:
    with pytest.raises(ConfigurationError, match="waldur_url"):
        AsyncStorageClient("http://storage").actions(directory())


def test_without_a_token_for_waldur_no_actions_are_made() -> None:
    with pytest.raises(ConfigurationError, match="waldur_token"):
        AsyncStorageClient("http://storage", waldur_url=WALDUR).actions(directory())
