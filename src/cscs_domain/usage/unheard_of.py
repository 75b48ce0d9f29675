"""Accounts and components that only one side knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cscs_domain._text import label
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.findings import named
from cscs_domain.usage.metering import Metering, WarehouseProfile

_MOST_SHOWN = 5


def missing_accounts(accounts: Collection[str], *, is_all: bool) -> Iterator[Problem]:
    """Accounts that no row is about; if they are all that were asked for, something is wrong."""
    if not accounts:
        return
    names = sorted(accounts)
    message = f"the warehouse has no row about {_some(names)} in this period"
    if is_all:
        hint = "If there should be some: check the client, the URL, and how accounts are called."
        yield Problem(
            ProblemCode.MISSING_ACCOUNT, Severity.WARNING, f"{message}, which is all", hint
        )
        return
    yield Problem(
        ProblemCode.MISSING_ACCOUNT,
        Severity.INFO,
        message,
        resource=named(names[0]) if len(names) == 1 else None,
    )


def unasked_accounts(subjects: Collection[str]) -> Iterator[Problem]:
    """Rows about what no request was about."""
    if not subjects:
        return
    names = sorted(subjects)
    shown = _some(names)
    whom = "what" if len(names) == 1 else f"{len(names)} names that"
    message = f"the warehouse sent rows about {whom} it was not asked for ({shown}); skipped"
    yield Problem(
        ProblemCode.UNKNOWN_ACCOUNT,
        Severity.INFO,
        message,
        resource=named(names[0]) if len(names) == 1 else None,
    )


def unmatched_components(names: Collection[str], metering: Metering) -> Iterator[Problem]:
    """Configured components without a field in any row."""
    severity = Severity.WARNING if metering.profile is WarehouseProfile.V2 else Severity.INFO
    for name in names:
        message = f"no row of the warehouse has a field for component {label(name)}; it is zero"
        hint = "See that its name is the one that the warehouse uses."
        yield Problem(ProblemCode.UNMATCHED_COMPONENT, severity, message, hint)


def _some(names: list[str]) -> str:
    left = len(names) - _MOST_SHOWN
    told = ", ".join(map(label, names[:_MOST_SHOWN]))
    return f"{told} and {left} more" if left > 0 else told
