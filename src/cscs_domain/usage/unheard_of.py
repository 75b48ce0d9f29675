"""Accounts and components that only one side knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cscs_domain._text import label
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.findings import named
from cscs_domain.usage.metering import Metering, Profile

_MOST_SHOWN = 5


def missing_accounts(accounts: Iterable[str], metering: Metering) -> Iterator[Problem]:
    """Accounts that no row is about."""
    reported = "it is reported as zero" if metering.fills_with_zeros else "it is not reported"
    for account in accounts:
        message = f"the warehouse has no row for this period; {reported}"
        yield Problem(ProblemCode.MISSING_ACCOUNT, Severity.INFO, message, resource=named(account))


def unasked_accounts(subjects: Collection[str]) -> Iterator[Problem]:
    """Rows about what no request was about."""
    if not subjects:
        return
    names = sorted(subjects)
    shown = ", ".join(map(label, names[:_MOST_SHOWN])) + (", ..." if names[_MOST_SHOWN:] else "")
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
    severity = Severity.WARNING if metering.profile is Profile.V2 else Severity.INFO
    for name in names:
        message = f"no row of the warehouse has a field for component {label(name)}; it is zero"
        hint = "See that its name is the one that the warehouse uses."
        yield Problem(ProblemCode.UNMATCHED_COMPONENT, severity, message, hint)
