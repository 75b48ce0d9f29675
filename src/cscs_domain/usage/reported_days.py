"""Whether a warehouse's row is about the time that was asked for."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.months import Period

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ReportedDays:
    """Judges `usageDate`, and remembers in `right` the few texts of it that count."""

    def __init__(self, period: Period, findings: Findings) -> None:
        self._period = period
        self._findings = findings
        self.right: set[str] = set()

    def take(self, day: object, subject: str | None) -> bool:
        """Whether a row of this date counts; a row without a date does."""
        if day is None or (isinstance(day, str) and day in self.right):
            return True
        if (found := _parse(day)) is None:
            self._findings.add(Oddity.BAD_DATE, About(subject), day)
            return False
        if not self._period.holds(found):
            self._findings.add(Oddity.OUTSIDE, About(subject), day)
            return False
        self.right.add(str(day))
        return True


def _parse(day: object) -> date | None:
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None
