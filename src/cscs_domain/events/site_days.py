"""The days of the site's zone, by which usage is summed up. Source: DESIGN section 5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import attrs

_DAY: Final = timedelta(days=1)
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)


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
        """The first moment of a day, in UTC, as far as there are times."""
        return _beginning(day, self.zone)

    def window(self, day: date) -> tuple[datetime, datetime]:
        """The day as a half-open window in UTC; of 23 to 25 hours where clocks change."""
        end = self.beginning(day + _DAY) if day < date.max else _END_OF_TIME
        return self.beginning(day), end


# The events of a batch are of few days.
@lru_cache(maxsize=1 << 12)
def _beginning(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return _END_OF_TIME if day.year > 1 else datetime.min.replace(tzinfo=UTC)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + number * _DAY
