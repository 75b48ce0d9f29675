"""Whether a warehouse's row is about the time that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.months import Month, Period

_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ReportedDays:
    """Judges `usageDate`, and remembers the few texts of it that are right."""

    def __init__(self, period: Period, findings: Findings) -> None:
        self._period = period
        self._findings = findings
        self._right: set[object] = {None}

    def holds(self, day: object) -> bool:
        """Whether a row of this date counts; a row without a date does."""
        if (day is None or isinstance(day, str)) and day in self._right:
            return True
        found = _parse(day)
        if found is None or not self._period.holds(found):
            return False
        self._right.add(day)
        return True

    def take_row(self, row: Mapping[str, object], subject: str) -> bool:
        """Whether a row about a subject is about the period, by its day and its month."""
        month = row.get("month")
        if self._is_another(month):
            self._findings.add(Oddity.OUTSIDE, About(subject), month)
            return False
        return self.take(row.get("usageDate"), subject)

    def _is_another(self, month: object) -> bool:
        if not isinstance(self._period, Month) or not isinstance(month, str):
            return False
        return _MONTH.fullmatch(month) is not None and month != str(self._period)

    def take(self, day: object, subject: str | None) -> bool:
        """The same as `holds`, and the reason why not becomes a finding."""
        if self.holds(day):
            return True
        oddity = Oddity.BAD_DATE if _parse(day) is None else Oddity.OUTSIDE
        self._findings.add(oddity, About(subject), day)
        return False


def _parse(day: object) -> date | None:
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None
