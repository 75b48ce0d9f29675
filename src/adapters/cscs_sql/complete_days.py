"""Days whose events are all there. Of others, dropped by retention, only the sums are left."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from cscs_domain.events.site_days import SiteDays
from cscs_sql.schema import events, summaries

_OLDEST_EVENT: Final = select(func.min(events.c.time_window_start))
_OLDEST_SUMS: Final = select(func.min(summaries.c.day))


def first_complete_day(connection: Connection, days: SiteDays) -> date | None:
    """The first day that can be summed up again; None if no event was ever dropped.

    Sums are only ever made of events, so a day before the oldest event that has sums tells that
    some were dropped, and the oldest event's own day may have lost some of its own.
    """
    oldest_sums = connection.scalar(_OLDEST_SUMS)
    if oldest_sums is None:
        return None
    oldest = connection.scalar(_OLDEST_EVENT)
    if oldest is None:
        return date.max
    day = days.of(oldest)
    return day + timedelta(days=1) if oldest_sums < day else None
