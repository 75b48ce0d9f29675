"""Noting days whose sums have to be computed again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo
from typing import Final

from sqlalchemy import Connection, func, insert, select

from cscs_domain.events.site_days import SiteDays
from cscs_sql.schema import events, touched_days

_AT_ONCE: Final = 500


def touch_all_days(connection: Connection, zone: tzinfo, first_day: date | None = None) -> int:
    """Note every day of the zone (from the first on) with an event's beginning; return how many."""
    found = days_with_events(connection, zone)
    days = [day for day in found if first_day is None or day >= first_day]
    for first in range(0, len(days), _AT_ONCE):
        rows = [{"day": day} for day in days[first : first + _AT_ONCE]]
        connection.execute(insert(touched_days), rows)
    return len(days)


def days_with_events(connection: Connection, zone: tzinfo) -> Iterator[date]:
    """The days of the zone on which events begin, oldest first.

    It leaps from day to day over the index by time, and reads one event a day.
    """
    site_days = SiteDays(zone)
    begins = events.c.time_window_start
    first = connection.scalar(select(func.min(begins)))
    while first is not None:
        day = site_days.of(first)
        yield day
        _, day_end = site_days.window(day)
        first = connection.scalar(select(func.min(begins)).where(begins >= day_end))
