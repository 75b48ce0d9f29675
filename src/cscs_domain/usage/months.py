"""Billing months and days, without a clock. Source: DWDI contract, section 10; Waldur, section 7.

The month of a run is chosen once, from one reading of a clock in the site's zone, and handed down.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Self, TypeAlias

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError

MOST_MONTHS: Final = 60
"""How many months one run may cover: five years."""

_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_LATEST: Final = time(9)
"""In UTC; on the same day everywhere from 9 hours west to 14 hours east."""
_SKEW: Final = timedelta(minutes=1)
"""How far Waldur's clock may be behind ours."""


@attrs.frozen(order=True)
class Month:
    """A calendar month, `2026-11`. Ordered by time."""

    year: int = attrs.field()
    month: int = attrs.field()

    @year.validator
    def _is_a_year(self, _attribute: object, value: int) -> None:
        if not 1 <= value <= 9998:  # the next month must exist as well
            raise InvalidValueError("month", shown(value), "is of no year that can be")

    @month.validator
    def _is_a_month(self, _attribute: object, value: int) -> None:
        if not 1 <= value <= 12:
            raise InvalidValueError("month", shown(value), "is not from 1 to 12")

    @classmethod
    def parse(cls, text: str) -> Self:
        """A month out of `2026-11`. Raises `InvalidValueError`."""
        found = _MONTH.fullmatch(text.strip())
        if found is None:
            raise InvalidValueError("month", shown(text), "is not written as 2026-11")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: tzinfo = UTC) -> Self:
        """The month of a moment in a zone."""
        if moment.tzinfo is None:
            raise InvalidValueError("moment", shown(str(moment)), "has no time zone")
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    def plus(self, months: int) -> Self:
        """So many months later, or earlier.

        >>> str(Month(2026, 1).plus(-1)), str(Month(2026, 12).plus(1))
        ('2025-12', '2027-01')
        """
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return type(self)(year, month + 1)

    @property
    def first_day(self) -> date:
        """The first of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last of the month."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    def holds(self, day: date) -> bool:
        """Whether a day belongs to it."""
        return (day.year, day.month) == (self.year, self.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@attrs.frozen
class Days:
    """Whole days, the first and the last included."""

    first: date
    last: date = attrs.field()

    @last.validator
    def _is_not_before_the_first(self, _attribute: object, value: date) -> None:
        if value < self.first:
            raise InvalidValueError("days", f"{self.first} to {value}", "end before they begin")

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


Period: TypeAlias = Month | Days
"""What the warehouse can be asked about."""


def months_between(first: Month, last: Month) -> tuple[Month, ...]:
    """All months from the first to the last, oldest first.

    Raises `InvalidValueError` if they are the wrong way round, or more than `MOST_MONTHS`.
    """
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count < 1:
        raise InvalidValueError("months", f"{first} to {last}", "end before they begin")
    if count > MOST_MONTHS:
        reason = f"are {count} months; one run covers at most {MOST_MONTHS}"
        raise InvalidValueError("months", f"{first} to {last}", reason)
    return tuple(_count_up(first, count))


def _count_up(first: Month, count: int) -> Iterator[Month]:
    return (first.plus(step) for step in range(count))


def months_to_report(now: datetime, zone: tzinfo, *, grace_days: int) -> tuple[Month, ...]:
    """The month of this moment, after the previous one for as long as that is not closed.

    It is closed when the current month is more than `grace_days` days old: with 5, the previous
    month is reported until the end of the 5th.
    """
    current = Month.of(now, zone)
    if now.astimezone(zone).day <= grace_days:
        return (current.plus(-1), current)
    return (current,)


def safe_moment(month: Month, now: datetime) -> datetime | None:
    """A time that Waldur counts to this month; None if it has not begun there (in UTC), since
    Waldur refuses the future.

    As late as can be: what is dated before a resource's plan began is not invoiced. But not on the
    last evening, which is the next month already in zones east of UTC; and a minute ago rather
    than now, since clocks differ. A server west of UTC has to wait for its own first of the month.
    """
    midnight = datetime(month.year, month.month, 1, tzinfo=UTC)
    latest = datetime.combine(month.last_day, _LATEST, UTC)
    for moment in (min(latest, now - _SKEW), now):
        if Month.of(moment) == month and moment != midnight:
            return moment.astimezone(UTC)
    return None
