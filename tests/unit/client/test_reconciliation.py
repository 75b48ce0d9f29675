"""One round carries out what is ordered and reports it, and no row stops another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

import attrs
import pytest

from cscs_client import NotNowError, Result, reconcile
from cscs_client.order_plans import plan_of
from cscs_domain import (
    OrderFacts,
    OrderState,
    OrderType,
    ProblemCode,
    ResourceState,
    Status,
    StorageRow,
    UpstreamServiceError,
)
from cscs_fakes.waldur_order_book import AGENT_DRIVEN, BASIC
from tests.unit.client.directories import answer_of, directory
from tests.unit.client.rounds import CREATE, EXECUTING, PENDING, TERMINATE, UPDATE, Round

WORD: Final = {CREATE: "create", UPDATE: "update", TERMINATE: "remove"}


@pytest.mark.parametrize("kind", WORD)
@pytest.mark.parametrize("offering", [AGENT_DRIVEN, BASIC])
def test_an_order_is_carried_out_and_reported(
    round_: Round, kind: OrderType, offering: str
) -> None:
    resource = round_.add(kind, offering=offering)

    assert round_.run() == [(kind, Result.DONE, "")]
    assert round_.disks.done == [(WORD[kind], resource)]
    assert round_.states == ["done"]


def test_what_was_created_gets_its_backend_id(round_: Round) -> None:
    resource = round_.add()
    round_.run()

    assert round_.waldur.resources[resource].backend_id == f"fs-{resource.int}"


def test_an_order_that_was_begun_before_is_ended(round_: Round) -> None:
    round_.add(CREATE, EXECUTING)

    assert round_.run() == [(CREATE, Result.DONE, "")]


def test_a_second_round_over_old_rows_does_nothing(round_: Round) -> None:
    """Rows may be half a minute old; Waldur is asked how the order stands."""
    round_.add()
    round_.run()

    assert round_.run() == [(CREATE, Result.PASSED_OVER, "its order is done")]
    assert len(round_.disks.done) == 1


def test_rows_without_an_order_to_act_upon_are_left_alone(round_: Round) -> None:
    round_.rows += [directory(ResourceState.OK, None)]
    round_.rows += [directory(ResourceState.CREATING, OrderState.PENDING_CONSUMER)]

    assert round_.run() == []
    assert round_.disks.done == []


@pytest.mark.parametrize("state", ["canceled", "rejected", "pending-start-date", "erred"])
def test_an_order_that_has_gone_elsewhere_is_passed_over(round_: Round, state: str) -> None:
    round_.add()
    round_.waldur.orders[UUID(int=1)].state = OrderState(state)

    assert round_.run() == [(CREATE, Result.PASSED_OVER, f"its order is {state}")]
    assert round_.disks.done == []


class TestFailures:
    def test_work_that_fails_is_reported_with_its_reason(self, round_: Round) -> None:
        round_.disks.errors[round_.add()] = OSError("disk full")

        assert round_.run() == [(CREATE, Result.ERRED, "disk full")]
        order = round_.waldur.orders[UUID(int=1)]
        assert (order.state, order.error_message) == (OrderState.ERRED, "disk full")
        assert "rounds.py" in order.traceback

    def test_work_that_fails_for_a_basic_offering_is_rejected(self, round_: Round) -> None:
        round_.disks.errors[round_.add(offering=BASIC)] = OSError("disk full")

        assert round_.run() == [(CREATE, Result.ERRED, "disk full")]
        assert round_.states == ["rejected"]

    def test_an_error_without_a_text_has_its_name(self, round_: Round) -> None:
        round_.disks.errors[round_.add()] = ZeroDivisionError()

        assert round_.run() == [(CREATE, Result.ERRED, "ZeroDivisionError")]

    def test_work_that_must_wait_is_done_in_the_next_round(self, round_: Round) -> None:
        resource = round_.add()
        round_.disks.errors[resource] = NotNowError("storage in maintenance")

        assert round_.run() == [(CREATE, Result.PASSED_OVER, "storage in maintenance")]
        assert round_.states == ["executing"]
        round_.disks.errors.clear()
        assert round_.run() == [(CREATE, Result.DONE, "")]

    def test_a_row_that_fails_stops_no_other(self, round_: Round) -> None:
        resources = [round_.add() for _ in range(4)]
        round_.disks.errors[resources[0]] = OSError("disk full")
        del round_.waldur.orders[UUID(int=2)]
        round_.rows[2] = attrs.evolve(round_.rows[2], item_id=UUID(int=7))

        results = [result for _, result, _ in round_.run()]
        assert results == [Result.ERRED, Result.UNREPORTED, Result.UNREPORTED, Result.DONE]
        assert round_.disks.done == [("create", resources[3])]

    def test_a_waldur_that_does_not_answer_leaves_the_storage_alone(self, round_: Round) -> None:
        round_.add()
        round_.waldur.fail_with(UpstreamServiceError("Waldur", "does not answer"))

        assert round_.run() == [(OrderType.UNKNOWN, Result.UNREPORTED, "Waldur: does not answer")]
        assert round_.disks.done == []

    def test_a_report_that_was_lost_is_made_in_the_next_round(self, round_: Round) -> None:
        round_.add()
        create = round_.disks.create

        def create_and_lose_waldur(row: StorageRow) -> str:
            round_.waldur.fail_with(UpstreamServiceError("Waldur", "does not answer"))
            return create(row)

        lost = Losing(create_and_lose_waldur)
        (step,) = reconcile(round_.client, lost, answer=answer_of(*round_.rows))
        round_.waldur.recover()

        assert step.result is Result.UNREPORTED
        assert round_.run() == [(CREATE, Result.DONE, "")]

    def test_an_order_that_errs_when_approved_is_told(self, round_: Round) -> None:
        round_.add(fails_with="no quota left")
        ((_, result, reason),) = round_.run()

        assert (result, "no quota left" in reason) == (Result.ERRED, True)
        assert round_.disks.done == []


@attrs.frozen
class Losing:
    """A storage whose `create` does something else."""

    create: Callable[[StorageRow], str]

    def update(self, row: StorageRow) -> None:
        raise AssertionError(row)

    def remove(self, row: StorageRow) -> None:
        raise AssertionError(row)


class TestDoubts:
    @pytest.mark.parametrize("code", ["shared_path", "mock_identity", "low_identity"])
    def test_a_row_with_a_grave_problem_is_passed_over(self, round_: Round, code: str) -> None:
        doubtful, _ = round_.add(), round_.add()
        round_.worry(code, doubtful)

        results = [(result, reason) for _, result, reason in round_.run()]
        assert results == [(Result.PASSED_OVER, f"it is {code}"), (Result.DONE, "")]
        assert round_.states == ["pending-provider", "done"]

    def test_other_problems_stop_nobody(self, round_: Round) -> None:
        round_.worry(ProblemCode.QUOTA_CORRECTED, round_.add())
        round_.worry(ProblemCode.STALE_IDENTITY, None)

        assert [result for _, result, _ in round_.run()] == [Result.DONE]

    def test_where_not_all_problems_are_told_nobody_is_believed_to_have_none(
        self, round_: Round
    ) -> None:
        round_.add()
        round_.worry(ProblemCode.MORE_PROBLEMS, None)

        assert [result for _, result, _ in round_.run()] == [Result.PASSED_OVER]

    @pytest.mark.parametrize(
        ("shown", "kind"),
        [
            (ResourceState.CREATING, TERMINATE),
            (ResourceState.OK, CREATE),
            (ResourceState.UPDATING, TERMINATE),
            (ResourceState.TERMINATING, CREATE),
            (ResourceState.UNKNOWN, TERMINATE),
            (ResourceState.OK, OrderType.RESTORE),
            (ResourceState.OK, OrderType.UNKNOWN),
        ],
    )
    def test_a_row_and_an_order_that_do_not_fit_are_passed_over(
        self, round_: Round, shown: ResourceState, kind: OrderType
    ) -> None:
        """Nothing is deleted because a row and its order tell different stories."""
        order, resource = UUID(int=1), UUID(int=1001)
        round_.waldur.add_order(order, resource=resource, type=kind, state=EXECUTING)
        round_.rows.append(directory(shown, EXECUTING, order=order, resource=resource))

        assert [result for _, result, _ in round_.run()] == [Result.PASSED_OVER]
        assert round_.disks.done == []

    def test_an_order_that_tells_no_resource_is_passed_over(self, round_: Round) -> None:
        resource = round_.add()
        facts = OrderFacts(uuid=UUID(int=1), type=CREATE, state=PENDING)

        assert plan_of(round_.rows[0], attrs.evolve(facts, resource=resource)).obstacle == ""
        assert "does not tell which" in plan_of(round_.rows[0], facts).obstacle

    def test_an_order_of_another_resource_is_passed_over(self, round_: Round) -> None:
        round_.add()
        round_.waldur.add_resource(UUID(int=5))
        round_.waldur.orders[UUID(int=1)].resource = UUID(int=5)

        assert round_.run() == [
            (CREATE, Result.PASSED_OVER, "its order belongs to another resource")
        ]


class TestErredRows:
    """A row in error with an order that goes on: somebody has looked, and wants the work done."""

    @pytest.mark.parametrize("kind", WORD)
    @pytest.mark.parametrize("state", [PENDING, EXECUTING], ids=str)
    def test_an_order_that_goes_on_is_carried_out(
        self, round_: Round, kind: OrderType, state: OrderState
    ) -> None:
        resource = round_.add(kind, state)
        order = UUID(int=1)
        round_.rows[0] = directory(ResourceState.ERRED, state, order=order, resource=resource)

        assert round_.rows[0].status is Status.ERROR
        assert round_.run() == [(kind, Result.DONE, "")]
        assert round_.disks.done == [(WORD[kind], resource)]
        assert round_.states == ["done"]

    def test_an_order_that_erred_and_stays_so_is_left_alone(self, round_: Round) -> None:
        round_.add()
        round_.rows[0] = directory(ResourceState.ERRED, OrderState.ERRED, order=UUID(int=1))

        assert round_.run() == []


class TestDryRuns:
    def test_nothing_is_changed(self, round_: Round) -> None:
        for kind in WORD:
            round_.add(kind)
            round_.add(kind, EXECUTING)
        before = list(round_.states)

        assert {result for _, result, _ in round_.run(dry_run=True)} == {Result.PLANNED}
        assert (round_.states, round_.disks.done, round_.waldur.actions) == (before, [], 0)

    def test_what_would_be_passed_over_is_told(self, round_: Round) -> None:
        round_.worry("shared_path", round_.add())
        round_.add()
        round_.waldur.orders[UUID(int=2)].state = OrderState.CANCELED

        assert [(result, reason) for _, result, reason in round_.run(dry_run=True)] == [
            (Result.PASSED_OVER, "it is shared_path"),
            (Result.PASSED_OVER, "its order is canceled"),
        ]
