"""What a warehouse says about accounts and their users. Source: spec 000; DWDI contract, 8."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain.problems import Problem
from cscs_domain.quantities import EXACT, normal
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.months import Period

TOTAL_ACCOUNT_USAGE: Final = "TOTAL_ACCOUNT_USAGE"
"""Under which a report has an account's total among its users; nobody can be called so."""

_NOBODY: Final[Mapping[str, Mapping[str, Decimal]]] = MappingProxyType({})
_NO_DOUBTS: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class AccountUsage:
    """Figures of one account by component, exact and in Waldur's units.

    `totals` has every configured component; the total is the warehouse's own, not the users' sum.
    `users` has, by user, every configured component. `doubts` says why a component must not be
    submitted: some amount of it could not be read or is negative. `untold` are components whose
    total counts as zero, or too little, since it is null or missing; `untold_users` has component
    and user where that is so of a user. `is_nameless` says that there are rows about users whose
    names are not known.
    """

    totals: Mapping[str, Decimal]
    users: Mapping[str, Mapping[str, Decimal]] = _NOBODY
    doubts: Mapping[str, str] = _NO_DOUBTS
    untold: frozenset[str] = frozenset()
    untold_users: frozenset[tuple[str, str]] = frozenset()
    is_nameless: bool = False

    def is_told(self, component: str, user: str | None) -> bool:
        """Whether the figure is what the warehouse says, rather than what it leaves out."""
        if component in self.untold:
            return False
        return user is None or (component, user) not in self.untold_users

    def unattributed(self, component: str) -> Decimal:
        """The part of the total that no user has; below zero if users add up to more."""
        left = self.totals[component]
        for amounts in self.users.values():
            left = EXACT.subtract(left, amounts[component])
        return left


@attrs.frozen(kw_only=True)
class UsageReport:
    """The usage of one period by account, in the order of their names.

    `unknown` are accounts that were asked for and that no row was about. One that could not be
    asked for, or whose rows are all of no use, is neither in `accounts` nor there. `rows` is how
    many rows counted, so that 0 means that the warehouse knows nothing at all. `is_nameless` says
    that there are rows about nobody knows whom.
    """

    period: Period
    accounts: Mapping[str, AccountUsage]
    unknown: frozenset[str] = frozenset()
    rows: int = 0
    is_nameless: bool = False
    problems: tuple[Problem, ...] = ()


def report_to_wire(report: UsageReport) -> dict[str, dict[str, dict[str, Decimal]]]:
    """The form of spec 000: `{account: {TOTAL_ACCOUNT_USAGE: {component: n}, user: {...}}}`.

    Each figure is rounded once, half up to two places.
    """
    return {
        account: {
            TOTAL_ACCOUNT_USAGE: _rounded(usage.totals),
            **{user: _rounded(amounts) for user, amounts in usage.users.items()},
        }
        for account, usage in report.accounts.items()
    }


def _rounded(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {component: normal(to_cents(amount)) for component, amount in amounts.items()}
