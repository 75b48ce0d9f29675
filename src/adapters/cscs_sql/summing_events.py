"""Sums of the events of a day, by everything that a question may be about.

They are those of `usage_sums.sums_of`: of totals nothing counts but that they are there.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Row, Select, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.event import Measure
from cscs_sql.column_types import ExactInteger
from cscs_sql.page_statements import SAME_EVENT, within
from cscs_sql.schema import events, links, summaries

_KEYS: Final[tuple[ColumnElement[Any], ...]] = (
    events.c.source,
    func.coalesce(links.c.user_id, ""),
    func.coalesce(links.c.project_id, ""),
    func.coalesce(links.c.allocation_id, ""),
)
_BOTH: Final = events.join(links, SAME_EVENT)
_IS_DELTA: Final = events.c.measure == Measure.DELTA.value
_AT_ONCE: Final = 1000


async def sum_up(connection: AsyncConnection, day: date, window: tuple[datetime, datetime]) -> None:
    """Put the sums of a day into the table; there must be none of that day."""
    if connection.dialect.name == "postgresql":
        rows = _summed(day).where(*within(events.c.time_window_start, *window))
        await connection.execute(insert(summaries).from_select([*summaries.c.keys()], rows))
    else:
        await _sum_up_here(connection, day, window)


def _summed(day: date) -> Select[Any]:
    used = events.c
    sums = (
        func.count(),
        _sum(used.cpu_time_seconds),
        _sum(used.gpu_time_seconds),
        _sum(used.walltime_used),
        _sum(cast(used.ram_bytes_allocated, ExactInteger) * used.held_seconds),
        _sum(cast(used.storage_bytes_allocated, ExactInteger) * used.held_seconds),
        func.count().filter(~_IS_DELTA),
    )
    return select(literal(day, Date), *_KEYS, *sums).select_from(_BOTH).group_by(*_KEYS)


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(amount).filter(_IS_DELTA), 0)


async def _sum_up_here(
    connection: AsyncConnection, day: date, window: tuple[datetime, datetime]
) -> None:
    """SQLite has no integers beyond 64 bits, and byte-seconds need them. Memory is bounded."""
    used = events.c
    wanted = select(
        *_KEYS,
        _IS_DELTA,
        used.cpu_time_seconds,
        func.coalesce(used.gpu_time_seconds, 0),
        func.coalesce(used.walltime_used, 0),
        func.coalesce(used.ram_bytes_allocated, 0),
        func.coalesce(used.storage_bytes_allocated, 0),
        used.held_seconds,
    ).select_from(_BOTH)
    sums: dict[tuple[str, ...], list[int]] = {}
    async with connection.stream(
        wanted.where(*within(events.c.time_window_start, *window))
    ) as result:
        async for rows in result.partitions(_AT_ONCE):
            for row in rows:
                _add(sums, row)
    names = [*summaries.c.keys()]
    summed = [dict(zip(names, (day, *key, *sums[key]), strict=True)) for key in sums]
    if summed:
        await connection.execute(insert(summaries), summed)


def _add(sums: dict[tuple[str, ...], list[int]], row: Row[*tuple[Any, ...]]) -> None:
    source, user, project, allocation, is_delta, cpu, gpu, walltime, ram, storage, held = row
    its = sums.setdefault((source, user, project, allocation), [0] * 7)
    its[0] += 1
    if not is_delta:
        its[6] += 1
        return
    its[1] += cpu
    its[2] += gpu
    its[3] += walltime
    its[4] += ram * held
    its[5] += storage * held
