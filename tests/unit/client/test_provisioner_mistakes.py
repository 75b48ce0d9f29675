"""Whatever a provisioner or a report does wrong, the round goes on and nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from anyio import to_thread

from cscs_client import Result, Step, StorageClient, reconcile
from cscs_domain import OrderState, StorageRow, UpstreamServiceError
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.raw_server import RawServer, answer, raw_server
from tests.unit.client.directories import ORDER, RESOURCE, WALDUR, answer_of, directory
from tests.unit.client.rounds import CREATE, EXECUTING, Round


@attrs.frozen
class Careless:
    """A storage whose `create` gives or raises what it should not, for the first row only."""

    create_first: Callable[[], Any]
    first: UUID

    def create(self, row: StorageRow) -> str:
        given: str = self.create_first() if row.item_id == self.first else "fs-2"
        return given

    def update(self, row: StorageRow) -> None:
        raise AssertionError(row)

    def remove(self, row: StorageRow) -> None:
        raise AssertionError(row)


def run(round_: Round, create_first: Callable[[], Any]) -> list[Step]:
    """A round over two orders, the first of which meets with a mistake."""
    first = round_.add()
    round_.add()
    return reconcile(round_.client, Careless(create_first, first), answer=answer_of(*round_.rows))


def raises(error: BaseException) -> Callable[[], str]:
    def create() -> str:
        raise error

    return create


@pytest.mark.parametrize(
    ("backend_id", "reason"),
    [
        (None, "is no text"),
        (17, "is no text"),
        (Path("/capstor/a"), "is no text"),
        (b"fs-1", "is no text"),
        ("", "is blank"),
        ("x" * 256, "is longer than 255"),
        ("fs\x1b[1m", "has control characters"),
    ],
    ids=ascii,
)
def test_an_id_that_can_never_be_is_a_failure_and_not_tried_for_ever(
    round_: Round, backend_id: object, reason: str
) -> None:
    one, two = run(round_, lambda: backend_id)

    assert (one.work, one.result, two.result) == (CREATE, Result.ERRED, Result.DONE)
    assert reason in one.reason
    assert round_.states == ["erred", "done"]
    assert reason in round_.waldur.orders[UUID(int=1)].error_message
    assert [
        step.result
        for step in reconcile(round_.client, round_.disks, answer=answer_of(*round_.rows))
    ] == [Result.PASSED_OVER] * 2


class SpeechlessError(Exception):
    """Cannot even be shown."""

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SpeechlessError(), "SpeechlessError"),
        (AssertionError(), "AssertionError"),
        (OSError("\ud800\x1b[1m"), "\\ud800\\x1b[1m"),
        (ExceptionGroup("two", [OSError("a"), OSError("b")]), "two (2 sub-exceptions)"),
        (UpstreamServiceError("SLURM", "is away"), "SLURM: is away"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_any_kind_is_reported(round_: Round, error: Exception, reason: str) -> None:
    one, two = run(round_, raises(error))

    assert (one.result, one.reason, two.result) == (Result.ERRED, reason, Result.DONE)
    assert round_.states == ["erred", "done"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_somebody_who_ends_the_program_ends_the_round(
    round_: Round, end: type[BaseException]
) -> None:
    with pytest.raises(end):
        run(round_, raises(end()))

    assert round_.states == ["executing", "pending-provider"]


class ForgetfulOrders(FakeWaldurOrders):
    """An adapter of somebody's with a mistake in it."""

    async def done(self, order: UUID) -> Any:
        if order == UUID(int=1):
            raise KeyError(order)
        return await super().done(order)


def test_a_mistake_in_reporting_stops_no_other_row(round_: Round) -> None:
    round_.waldur = ForgetfulOrders()
    with StorageClient("http://storage", waldur_url=WALDUR, orders=round_.waldur) as client:
        round_.client = client
        one, two = run(round_, lambda: "fs-1")

    assert (one.work, one.result, two.result) == (CREATE, Result.UNREPORTED, Result.DONE)
    assert "00000001" in one.reason


def test_a_failure_that_cannot_be_told_is_told_with_both_reasons(round_: Round) -> None:
    def lose_waldur_and_fail() -> str:
        round_.waldur.fail_with(UpstreamServiceError("Waldur", "does not answer"))
        raise OSError("disk full")

    one, _ = run(round_, lose_waldur_and_fail)

    assert one.result is Result.UNREPORTED
    assert one.reason == "disk full (and Waldur could not be told: Waldur: does not answer)"


def test_an_order_that_was_canceled_during_work_that_failed_keeps_both_reasons(
    round_: Round,
) -> None:
    def be_canceled_and_fail() -> str:
        round_.waldur.orders[UUID(int=1)].state = OrderState.CANCELED
        raise OSError("disk full")

    one, two = run(round_, be_canceled_and_fail)

    assert (one.result, two.result) == (Result.UNREPORTED, Result.DONE)
    assert one.reason.startswith("disk full (and ")
    assert "canceled" in one.reason


class TestRefusedIds:
    """A Waldur that has rules for backend ids."""

    EXECUTING = answer(
        200,
        {"uuid": ORDER.hex, "marketplace_resource_uuid": RESOURCE.hex, "type": "Create"}
        | {"state": "executing", "offering_type": "Marketplace.Slurm"},
    )
    DONE = answer(200, b"")

    async def round_with(self, refusal: bytes) -> tuple[Step, RawServer]:
        async with raw_server(self.EXECUTING, refusal, self.EXECUTING, self.DONE) as waldur:

            def once() -> Step:
                row = directory(order_state=EXECUTING, waldur=waldur.url)
                with StorageClient(
                    "http://storage", waldur_url=waldur.url, waldur_token="t" * 40, timeout=5
                ) as client:
                    careless = Careless(lambda: "fs-1", RESOURCE)
                    (step,) = reconcile(client, careless, answer=answer_of(row))
                return step

            return await to_thread.run_sync(once), waldur

    async def test_an_id_against_the_rules_errs_the_order(self) -> None:
        refusal = answer(400, {"backend_id": ["Backend id is taken."]})
        step, waldur = await self.round_with(refusal)

        assert step.result is Result.ERRED
        assert "Backend id is taken." in step.reason
        assert waldur.requests[-1].target.endswith(f"/{ORDER.hex}/set_state_erred/")
        assert b"Backend id is taken." in waldur.requests[-1].body

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_token_that_is_refused_errs_no_order(self, status: int) -> None:
        """The work was done, and the id may be as good as any."""
        step, waldur = await self.round_with(answer(status, {"detail": "no"}))

        assert step.result is Result.UNREPORTED
        assert len(waldur.requests) == 2
