"""What refreshes leave in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from cscs_bootstrap.snapshot_log import log_snapshot
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.snapshots import Snapshot

TOOK = timedelta(milliseconds=12)


def snapshot(*codes: ProblemCode, name: str = "s", many: int = 1) -> Snapshot:
    """A snapshot without rows and with these problems, each so many times."""
    problems = tuple(
        Problem(code, Severity.WARNING, f"number {number}")
        for code in codes
        for number in range(many)
    )
    return Snapshot(name, datetime(2026, 11, 20, tzinfo=UTC), TOOK, (), (), problems)


def events(previous: Snapshot | None, new: Snapshot) -> list[str]:
    """The names of the events that one refresh leaves."""
    with capture_logs() as logs:
        log_snapshot(previous, new, TOOK)
    return [entry["event"] for entry in logs]


def test_a_problem_is_told_when_it_appears_and_when_it_goes() -> None:
    before = snapshot(ProblemCode.SHARED_PATH, ProblemCode.MISSING_IDENTITY, name="a")
    after = snapshot(ProblemCode.SHARED_PATH, ProblemCode.UNKNOWN_STATE, name="b")

    assert events(None, before) == ["snapshot_taken", "problem", "problem"]
    assert events(before, after) == ["snapshot_taken", "problem", "problem_gone"]


def test_an_unchanged_snapshot_is_not_told_twice() -> None:
    same = snapshot(ProblemCode.SHARED_PATH)

    assert events(same, same) == ["snapshot_unchanged"]


def test_very_many_problems_are_counted_and_not_written_one_by_one() -> None:
    flood = snapshot(ProblemCode.SHARED_PATH, many=1000)

    told = events(None, flood)

    assert told.count("problem") == 200
    assert told[-1] == "problems_not_logged"
