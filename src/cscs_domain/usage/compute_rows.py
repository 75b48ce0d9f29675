"""Rows of compute usage, added up by account and user. Source: DWDI contract, 4.1, 7, 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from cscs_domain._text import is_encodable
from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.matching import Fields
from cscs_domain.usage.plain_users import plain_rows
from cscs_domain.usage.reported_days import ReportedDays
from cscs_domain.usage.reports import TOTAL_ACCOUNT_USAGE
from cscs_domain.usage.row_amounts import RowAmounts
from cscs_domain.usage.subject_sums import SubjectSums

_LONGEST_USERNAME: Final = 255


class ComputeRows:
    """Adds rows up in any order: totals are the accounts' own, users stand on several rows each."""

    subject_field: Final = "account"

    def __init__(self, fields: Sequence[Fields], days: ReportedDays, findings: Findings) -> None:
        self._components = [each.component.name for each in fields]
        self._days = days
        self._findings = findings
        in_rows = [(each.component.name, each.in_rows) for each in fields]
        in_users = [(each.component.name, each.in_users) for each in fields]
        self._totals = RowAmounts(in_rows, findings, Oddity.NULL_TOTAL)
        self._of_users = RowAmounts(in_users, findings, Oddity.NULL_OF_USER)
        self._sums: dict[str, SubjectSums] = {}

    def take(self, account: str, row: Mapping[str, object]) -> None:
        """Take in a row about an account."""
        sums = self._sums.get(account)
        if sums is None:
            sums = self._sums[account] = SubjectSums(self._nothing())
        self._totals.add_totals(sums, row, account)
        users = row.get("users")
        if not isinstance(users, list):
            if users is not None:
                self._findings.add(Oddity.BAD_USERS, About(account), users)
        elif users and not self._took_plainly(users, sums.users):
            self._take_one_by_one(users, sums.users, account)

    def finish(self) -> tuple[Mapping[str, SubjectSums], set[str]]:
        """What every account that there are rows about has; components that had no field."""
        return self._sums, self._totals.unmatched

    @property
    def unmatched_of_users(self) -> frozenset[str]:
        """Components that no user's row has, if there are any users' rows."""
        has_users = any(sums.users for sums in self._sums.values())
        return frozenset(self._of_users.unmatched) if has_users else frozenset()

    def _took_plainly(self, rows: Sequence[object], users: dict[str, list[Decimal]]) -> bool:
        """All of the rows or none."""
        plain = plain_rows(rows, self._of_users.plain_fields)
        if plain is None or not all(map(self._days.holds, plain.days)):
            return False
        if not all(name in users or _is_username(name) for name in plain.names):
            return False
        for name in plain.names:
            users.setdefault(str(name), self._nothing())
        self._of_users.add_sums(users, plain.sums)
        return True

    def _take_one_by_one(
        self, rows: Sequence[object], users: dict[str, list[Decimal]], account: str
    ) -> None:
        for row in rows:
            if not isinstance(row, dict):
                self._findings.add(Oddity.NO_USER_ROW, About(account), row)
                continue
            name = self._username(row.get("username"), account)
            if name is not None and self._days.take(row.get("usageDate"), account):
                sums = users.setdefault(name, self._nothing())
                self._of_users.add(sums, row, account, name)

    def _username(self, value: object, account: str) -> str | None:
        """Without the blanks around it, which Waldur strips as well, so that two would be one."""
        name = value.strip() if isinstance(value, str) else ""
        if _is_username(name):
            return name
        if not name:
            self._findings.add(Oddity.NO_USER, About(account))
        elif name == TOTAL_ACCOUNT_USAGE:
            self._findings.add(Oddity.RESERVED_USER, About(account), name)
        else:
            self._findings.add(Oddity.BAD_USER, About(account), name)
        return None

    def _nothing(self) -> list[Decimal]:
        return [ZERO] * len(self._components)


def _is_username(value: object) -> bool:
    if not isinstance(value, str) or value in {"", TOTAL_ACCOUNT_USAGE} or value != value.strip():
        return False
    if value.isascii() and value.isprintable():
        return len(value) <= _LONGEST_USERNAME
    controls = any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in value)
    return len(value) <= _LONGEST_USERNAME and is_encodable(value) and not controls
