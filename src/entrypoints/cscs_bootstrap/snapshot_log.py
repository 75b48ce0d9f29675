"""What a refresh leaves in the log: one line for it, and one for each problem when it appears.

A problem that stays is not repeated every quarter of a minute; one that goes away is told as well.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

import structlog

from cscs_bootstrap.problem_log import log_problem
from cscs_domain.errors import CscsError
from cscs_domain.storage.snapshots import Snapshot

_LOG: Final = structlog.get_logger("cscs.storage")
_MOST_LINES: Final = 200
"""Of new problems, and of gone ones: a log that is slow to write must not hold up the answers."""


def log_snapshot(previous: Snapshot | None, snapshot: Snapshot, took: timedelta) -> None:
    """Log a refresh that succeeded."""
    if previous is not None and previous.id == snapshot.id:
        _LOG.debug("snapshot_unchanged", snapshot=snapshot.id, duration_ms=_ms(took))
        return
    severities = Counter(problem.severity.value for problem in snapshot.problems)
    _LOG.info(
        "snapshot_taken",
        snapshot=snapshot.id,
        rows=len(snapshot.rows),
        duration_ms=_ms(took),
        problems=dict(severities),
    )
    before = frozenset(previous.problems if previous else ())
    now = frozenset(snapshot.problems)
    new = [problem for problem in snapshot.problems if problem not in before]
    for problem in new[:_MOST_LINES]:
        log_problem(_LOG, problem)
    gone = [problem for problem in previous.problems if problem not in now] if previous else []
    for problem in gone[:_MOST_LINES]:
        _LOG.info("problem_gone", code=problem.code.value, resource=problem.resource)
    if more := max(0, len(new) - _MOST_LINES) + max(0, len(gone) - _MOST_LINES):
        _LOG.warning("problems_not_logged", more=more, hint="`cscs storage show` has them all")


def log_failure(error: CscsError, took: timedelta) -> None:
    """Log a refresh that failed."""
    _LOG.error("snapshot_failed", reason=str(error), duration_ms=_ms(took))


def log_crash(took: timedelta) -> None:
    """Log a refresh that ended in an error nobody expected, with its traceback."""
    _LOG.exception("snapshot_crashed", duration_ms=_ms(took))


def _ms(took: timedelta) -> int:
    return took // timedelta(milliseconds=1)
