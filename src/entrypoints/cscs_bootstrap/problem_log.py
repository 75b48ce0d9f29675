"""One line of log for a problem."""

from __future__ import annotations

import logging
from typing import Final

from structlog.typing import FilteringBoundLogger

from cscs_domain.problems import Problem, Severity

_LEVELS: Final = {
    Severity.ERROR: logging.ERROR,
    Severity.WARNING: logging.WARNING,
    Severity.INFO: logging.INFO,
}


def log_problem(log: FilteringBoundLogger, problem: Problem) -> None:
    """Write it down, as loud as it is severe."""
    log.log(
        _LEVELS[problem.severity],
        "problem",
        code=problem.code.value,
        resource=problem.resource,
        message=problem.message,
        hint=problem.hint,
    )
