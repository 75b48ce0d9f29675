"""Rows of compute usage, added up by account and user. Source: DWDI contract, 4.1, 7, 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from cscs_domain._text import is_encodable
from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.matching import Fields
from cscs_domain.usage.reported_days import ReportedDays
from cscs_domain.usage.reports import TOTAL
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
        self._totals.add(sums.totals, row, account)
        users = row.get("users")
        if isinstance(users, list):
            self._take_users(account, sums.users, users)
        elif users is not None:
            self._findings.add(Oddity.BAD_USERS, About(account), users)

    def finish(self) -> tuple[Mapping[str, SubjectSums], set[str]]:
        """What every account that there are rows about has; components that had no field."""
        return self._sums, self._totals.unmatched & self._of_users.unmatched

    def _take_users(
        self, account: str, users: dict[str, list[Decimal]], rows: list[object]
    ) -> None:
        add, days = self._of_users.add, self._days
        for row in rows:
            if not isinstance(row, dict):
                self._findings.add(Oddity.NO_USER_ROW, About(account), row)
                continue
            name = row.get("username")
            sums = users.get(name) if type(name) is str else None
            if sums is None:  # a name's first row, or no plain name
                name = self._username(name, account)
            if name is None:
                continue
            day = row.get("usageDate")
            if (type(day) is str and day in days.right) or days.take(day, account):
                if sums is None:
                    sums = users.setdefault(name, self._nothing())
                add(sums, row, account, name)

    def _username(self, value: object, account: str) -> str | None:
        """Without the blanks around it, which Waldur strips as well, so that two would be one."""
        name = value.strip() if isinstance(value, str) else ""
        if not name:
            self._findings.add(Oddity.NO_USER, About(account))
        elif name == TOTAL:
            self._findings.add(Oddity.RESERVED_USER, About(account), name)
        elif len(name) > _LONGEST_USERNAME or not _is_clean(name):
            self._findings.add(Oddity.BAD_USER, About(account), name)
        else:
            return name
        return None

    def _nothing(self) -> list[Decimal]:
        return [ZERO] * len(self._components)


def _is_clean(name: str) -> bool:
    return is_encodable(name) and not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in name)
