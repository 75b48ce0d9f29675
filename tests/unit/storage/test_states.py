"""States and statuses: DESIGN section 3, "Status", written out by hand."""

from __future__ import annotations

import pytest

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.states import (
    STATUS_OF,
    OrderState,
    ResourceState,
    Status,
    shown_state,
    status_of,
)
from tests.unit.storage.samples import answer, codes, leaf, order, problem, sample

PLAIN = {
    "Creating": "pending",
    "OK": "active",
    "Updating": "updating",
    "Terminating": "removing",
    "Terminated": "removed",
    "Erred": "error",
    "unknown": "unknown",
}


def test_every_resource_state_has_a_status() -> None:
    assert set(ResourceState) == set(STATUS_OF)


def test_every_status_comes_from_some_state() -> None:
    assert set(STATUS_OF.values()) == set(Status)


@pytest.mark.parametrize("order_state", [None, *OrderState])
@pytest.mark.parametrize(("state", "expected"), list(PLAIN.items()))
def test_the_status_is_that_of_the_table(
    state: str, expected: str, order_state: OrderState | None
) -> None:
    waits_for_consumer = order_state is OrderState.PENDING_CONSUMER
    if waits_for_consumer and state in {"Updating", "Terminating"}:
        expected = "active"

    assert status_of(ResourceState(state), order_state).value == expected


def test_only_done_erred_canceled_and_rejected_orders_are_final() -> None:
    final = {state.value for state in OrderState if state.is_final}

    assert final == {"done", "erred", "canceled", "rejected"}


@pytest.mark.parametrize("state", ["Updating", "Terminating"])
def test_a_change_that_waits_for_its_consumer_shows_as_ok(state: str) -> None:
    row = leaf(sample(state=state, order_in_progress=order("pending-consumer")))

    assert row.status is Status.ACTIVE


def test_a_creation_that_waits_for_its_consumer_stays_pending() -> None:
    row = leaf(sample(state="Creating", order_in_progress=order("pending-consumer", "Create")))

    assert row.status is Status.PENDING


def test_an_approved_change_shows() -> None:
    assert shown_state(ResourceState.UPDATING, OrderState.EXECUTING) is ResourceState.UPDATING


@pytest.mark.parametrize("state", ["Melted", "ok", "OK ", "unknown", "pending"])
def test_an_unknown_state_is_shown_as_unknown_and_told(state: str) -> None:
    hierarchy = answer(sample(state=state))

    assert leaf(sample(state=state)).status is Status.UNKNOWN
    assert problem(hierarchy, ProblemCode.UNKNOWN_STATE).severity is Severity.WARNING


def test_an_unknown_order_state_and_type_are_carried_and_told() -> None:
    hierarchy = answer(sample(state="Updating", order_in_progress=order("stuck", "Migrate")))

    told = [p.message for p in hierarchy.problems if p.code is ProblemCode.UNKNOWN_ORDER]
    assert len(told) == 2
    assert leaf(sample(state="Updating", order_in_progress=order("stuck"))).status == "updating"


@pytest.mark.parametrize("final", ["done", "erred", "canceled", "rejected"])
def test_an_order_in_a_final_state_says_nothing_any_more(final: str) -> None:
    finished = order(final, limits={"storage": 20})
    row = leaf(sample(order_in_progress=finished))

    assert row == leaf(sample())


def test_a_known_order_raises_no_doubt() -> None:
    assert ProblemCode.UNKNOWN_ORDER not in codes(
        answer(sample(order_in_progress=order("executing", "Restore")))
    )
