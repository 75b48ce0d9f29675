"""Computing the sums of touched days again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.site_days import SiteDays
from cscs_sql.complete_days import first_complete_day
from cscs_sql.locks import Lock, take
from cscs_sql.schema import summaries, touched_days
from cscs_sql.summing_events import sum_up


async def find_touched(
    connection: AsyncConnection, first: date | None, last: date | None
) -> list[date]:
    """The days, in this range if there is one, of which sums may not be right any more."""
    day = touched_days.c.day
    wanted = select(day).distinct().order_by(day)
    if first is not None:
        wanted = wanted.where(day >= first)
    if last is not None:
        wanted = wanted.where(day <= last)
    return list(await connection.scalars(wanted))


async def refresh_days(
    connection: AsyncConnection, days: Sequence[date], site_days: SiteDays
) -> int:
    """Compute the sums of those days again that are still touched, and return how many.

    The marks go first, and events are read after that: what others commit in between has a mark
    that stays. Others who refresh wait; marks that they find gone are of days with right sums.
    Days whose events were dropped keep the sums that they have.
    """
    await connection.run_sync(take, Lock.SUMMARIES)
    marks = delete(touched_days).where(touched_days.c.day.in_(days))
    marked = sorted(set(await connection.scalars(marks.returning(touched_days.c.day))))
    first = await connection.run_sync(first_complete_day, site_days)
    if first is not None:
        marked = [day for day in marked if day >= first]
    if marked:
        await connection.execute(delete(summaries).where(summaries.c.day.in_(marked)))
    for day in marked:
        await sum_up(connection, day, site_days.window(day))
    return len(marked)
