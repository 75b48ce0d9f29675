"""The days of the site's zone, by which usage is summed up. Source: DESIGN section 5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import attrs

_DAY = timedelta(days=1)


@attrs.frozen
class SiteDays:
    """Every moment is of exactly one day: days follow each other without gap or overlap.

    Where clocks are put back over midnight, midnight comes twice: the day begins at the first.
    """

    zone: tzinfo

    def of(self, moment: datetime) -> date:
        """The day of a moment (with a zone of its own)."""
        day = moment.astimezone(self.zone).date()
        if moment < self.beginning(day):
            return day - _DAY
        return day + _DAY if moment >= self.beginning(day + _DAY) else day

    def beginning(self, day: date) -> datetime:
        """The first moment of a day, in UTC."""
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def window(self, day: date) -> tuple[datetime, datetime]:
        """The day as a half-open window in UTC; of 23 to 25 hours where clocks change."""
        return self.beginning(day), self.beginning(day + _DAY)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + number * _DAY
