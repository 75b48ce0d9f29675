"""Accounts and components that only one side knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cscs_domain._text import label, some_of
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.findings import named
from cscs_domain.usage.metering import Metering, WarehouseProfile


def missing_accounts(accounts: Collection[str], *, is_all: bool) -> Iterator[Problem]:
    """Accounts that no row is about; if they are all that were asked for, something is wrong."""
    if not accounts:
        return
    names = sorted(accounts)
    message = f"the warehouse has no row about {some_of(names)} in this period"
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
    shown = some_of(names)
    whom = "what" if len(names) == 1 else f"{len(names)} names that"
    message = f"the warehouse sent rows about {whom} it was not asked for ({shown}); skipped"
    yield Problem(
        ProblemCode.UNASKED_ACCOUNT,
        Severity.INFO,
        message,
        resource=named(names[0]) if len(names) == 1 else None,
    )


def unmatched_among_users(names: Collection[str]) -> Iterator[Problem]:
    """Components that accounts have and no user's row has a field for."""
    for name in sorted(names):
        message = f"no user's row has a field for component {label(name)}; users have none of it"
        hint = "See that its name is the one that the warehouse uses for users."
        yield Problem(ProblemCode.UNMATCHED_COMPONENT, Severity.WARNING, message, hint)


def unmatched_components(names: Collection[str], metering: Metering) -> Iterator[Problem]:
    """Configured components without a field in any row."""
    severity = Severity.WARNING if metering.profile is WarehouseProfile.V2 else Severity.INFO
    for name in names:
        message = f"no row of the warehouse has a field for component {label(name)}; it is zero"
        hint = "See that its name is the one that the warehouse uses."
        yield Problem(ProblemCode.UNMATCHED_COMPONENT, severity, message, hint)
