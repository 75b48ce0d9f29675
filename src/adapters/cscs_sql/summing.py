"""Reading sums: of days, or of all time. Integers of any size are added up exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Row, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.stored import DaySums, SumsQuery, UsageScope
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums
from cscs_sql.column_types import ExactInteger
from cscs_sql.schema import summaries

ID_OF: Final[Mapping[UsageScope, Column[str]]] = {
    UsageScope.USER: summaries.c.user_id,
    UsageScope.PROJECT: summaries.c.project_id,
    UsageScope.ALLOCATION: summaries.c.allocation_id,
}
_SUMS: Final = tuple(
    summaries.c[name]
    for name in (
        "events",
        "cpu_seconds",
        "gpu_seconds",
        "walltime_seconds",
        "ram_byte_seconds",
        "storage_byte_seconds",
        "not_summed",
    )
)


async def daily_sums(connection: AsyncConnection, query: SumsQuery) -> list[DaySums]:
    """The sums of each day that has events, in order."""
    day = summaries.c.day
    conditions = [ID_OF[query.scope] == query.id, day >= query.first, day <= query.last]
    if query.source is not None:
        conditions.append(summaries.c.source == query.source)
    sums = await _sums_by(connection, day, conditions)
    # Where an event has no user, the column is empty: that is nobody's id.
    return [DaySums(day=day, sums=sums[day]) for day in sorted(sums)] if query.id else []


async def allocation_sums(
    connection: AsyncConnection, allocations: Collection[str]
) -> dict[str, UsageSums]:
    """The sums of all time by allocation."""
    wanted = sorted(set(allocations) - {""})
    column = summaries.c.allocation_id
    return await _sums_by(connection, column, [column.in_(wanted)])


async def _sums_by(
    connection: AsyncConnection, key: Column[Any], conditions: list[ColumnElement[bool]]
) -> dict[Any, UsageSums]:
    found: dict[Any, UsageSums] = {}
    for row in await connection.execute(_wanted(connection, key).where(*conditions)):
        found[row[0]] = found.get(row[0], NOTHING_USED) + _sums(row)
    return found


def _wanted(connection: AsyncConnection, key: Column[Any]) -> Select[Any]:
    if connection.dialect.name == "sqlite":
        return select(key, *_SUMS)
    added = (cast(func.sum(column), ExactInteger).label(column.name) for column in _SUMS)
    return select(key, *added).group_by(key)


def _sums(row: Row[*tuple[Any, ...]]) -> UsageSums:
    return UsageSums(**{column.name: row._mapping[column.name] for column in _SUMS})
