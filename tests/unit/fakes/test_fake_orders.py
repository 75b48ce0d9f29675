"""What the in-memory twin of Waldur's orders offers beyond its port."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import pytest

from cscs_domain.errors import OrderConflictError, OrderErredError, UpstreamServiceError
from cscs_domain.orders import Outcome
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from cscs_fakes.waldur_order_book import BASIC
from cscs_fakes.waldur_orders import FakeWaldurOrders

pytestmark = pytest.mark.anyio

ORDER: Final = UUID(int=1)
RESOURCE: Final = UUID(int=2)
DOWN: Final = UpstreamServiceError("Waldur", "is down")


def holding(
    type: OrderType = OrderType.CREATE,  # noqa: A002  # as in the fake
    state: OrderState = OrderState.PENDING_PROVIDER,
    **changes: str,
) -> FakeWaldurOrders:
    fake = FakeWaldurOrders()
    fake.add_order(ORDER, resource=RESOURCE, type=type, state=state, **changes)
    return fake


@pytest.mark.parametrize(
    ("type_", "working", "done"),
    [
        (OrderType.CREATE, ResourceState.CREATING, ResourceState.OK),
        (OrderType.UPDATE, ResourceState.UPDATING, ResourceState.OK),
        (OrderType.TERMINATE, ResourceState.TERMINATING, ResourceState.TERMINATED),
        (OrderType.RESTORE, ResourceState.CREATING, ResourceState.OK),
    ],
)
async def test_a_resource_follows_its_order(
    type_: OrderType, working: ResourceState, done: ResourceState
) -> None:
    fake = holding(type_)

    await fake.approve(ORDER)
    while_working = fake.resources[RESOURCE].state
    await fake.done(ORDER)

    assert (while_working, fake.resources[RESOURCE].state) == (working, done)


@pytest.mark.parametrize(
    ("type_", "backend_id", "state"),
    [
        (OrderType.CREATE, "", ResourceState.TERMINATED),
        (OrderType.CREATE, "fs-1", ResourceState.ERRED),
        (OrderType.UPDATE, "fs-1", ResourceState.ERRED),
        (OrderType.TERMINATE, "fs-1", ResourceState.OK),
    ],
)
async def test_a_failure_leaves_what_there_is(
    type_: OrderType, backend_id: str, state: ResourceState
) -> None:
    fake = holding(type_)
    fake.resources[RESOURCE].backend_id = backend_id

    await fake.approve(ORDER)
    await fake.erred(ORDER, message="full", traceback="line 1")

    assert fake.resources[RESOURCE].state is state
    assert (fake.orders[ORDER].error_message, fake.orders[ORDER].traceback) == ("full", "line 1")


@pytest.mark.parametrize(
    ("type_", "state"),
    [
        (OrderType.CREATE, ResourceState.TERMINATED),
        (OrderType.UPDATE, ResourceState.OK),
        (OrderType.TERMINATE, ResourceState.OK),
    ],
)
async def test_a_rejection_ends_only_what_was_never_made(
    type_: OrderType, state: ResourceState
) -> None:
    fake = holding(type_)

    await fake.reject(ORDER, comment="no space")

    assert fake.resources[RESOURCE].state is state
    assert fake.orders[ORDER].comment == "no space"


async def test_an_order_of_a_basic_offering_is_done_by_its_approval() -> None:
    fake = holding(offering_type=BASIC)

    outcomes = [await fake.approve(ORDER), await fake.done(ORDER)]

    assert outcomes == [Outcome.DONE, Outcome.ALREADY]
    assert fake.resources[RESOURCE].state is ResourceState.OK


async def test_an_order_of_a_basic_offering_cannot_be_reported_as_failed() -> None:
    fake = holding(offering_type=BASIC, state=OrderState.EXECUTING)

    with pytest.raises(OrderConflictError):
        await fake.erred(ORDER, message="full")


async def test_waldur_can_be_made_to_fail_at_processing() -> None:
    fake = holding(fails_with="no such plan")

    with pytest.raises(OrderErredError, match="no such plan"):
        await fake.approve(ORDER)

    assert fake.orders[ORDER].state is OrderState.ERRED


async def test_a_failure_changes_nothing_and_lasts_until_recovery() -> None:
    fake = holding()
    fake.fail_with(DOWN)
    for call in (fake.approve, fake.order):
        with pytest.raises(UpstreamServiceError):
            await call(ORDER)

    fake.recover()

    assert fake.actions == 0
    assert await fake.approve(ORDER) is Outcome.DONE


async def test_an_answer_can_be_lost_after_all_was_done() -> None:
    """What a caller that sends again has to live with."""
    fake = holding()
    fake.fail_with(DOWN, after_acting=True)
    with pytest.raises(UpstreamServiceError):
        await fake.approve(ORDER)
    with pytest.raises(UpstreamServiceError):
        await fake.set_backend_id(RESOURCE, "fs-1")
    with pytest.raises(UpstreamServiceError):
        await fake.approve(UUID(int=9))
    with pytest.raises(UpstreamServiceError):
        await fake.reject(ORDER)

    fake.recover()

    assert await fake.approve(ORDER) is Outcome.ALREADY
    assert fake.resources[RESOURCE].backend_id == "fs-1"


async def test_a_resource_that_is_there_is_kept_by_a_second_order() -> None:
    fake = holding()
    await fake.set_backend_id(RESOURCE, "fs-1")

    fake.add_order(UUID(int=3), resource=RESOURCE, type=OrderType.UPDATE)

    assert fake.resources[RESOURCE].backend_id == "fs-1"
