"""Partitions of events on PostgreSQL, one a month in UTC: `resource_usage_events_y2025m11`.

There is no default partition: rows in it would stand in the way of the month they belong to. So a
month is made before the first event of it is stored. SQLite and TimescaleDB need none of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.errors import OutdatedStoreError
from cscs_domain.usage.months import Month
from cscs_sql.locks import Lock, take

PARENT: Final = "resource_usage_events"
PARTITIONS_AHEAD: Final = 3
"""Months after the current one that have their partition, unless somebody says otherwise."""

_IS_PARTITIONED: Final = text(
    f"SELECT 1 FROM pg_class WHERE oid = to_regclass('{PARENT}') AND relkind = 'p'"  # noqa: S608
)
_ATTACHED: Final = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"  # noqa: S608
    f" WHERE inhparent = to_regclass('{PARENT}') ORDER BY child.relname"
)
_EXISTS: Final = text("SELECT to_regclass(:name)")


def months_of(moments: Iterable[datetime]) -> frozenset[Month]:
    """The months, in UTC, in which windows begin."""
    return frozenset(map(Month.of, moments))


def months_ahead(now: datetime, months: int) -> tuple[Month, ...]:
    """The month of now and so many after it.

    >>> from datetime import UTC
    >>> [str(month) for month in months_ahead(datetime(2025, 12, 31, tzinfo=UTC), 1)]
    ['2025-12', '2026-01']
    """
    current = Month.of(now)
    return tuple(current.plus(step) for step in range(months + 1))


def partition_name(month: Month) -> str:
    """How the partition of a month is called."""
    return f"{PARENT}_y{month.year:04d}m{month.month:02d}"


def partition_statements(month: Month) -> tuple[str, ...]:
    """What makes the partition of a month.

    The table is made by itself and attached afterwards: that lets others read and write events
    meanwhile, where `CREATE TABLE ... PARTITION OF` makes all of them wait.
    """
    make = f"CREATE TABLE {partition_name(month)} (LIKE {PARENT} INCLUDING ALL)"
    return (make, _attaching(month))


def attached_partitions(connection: Connection) -> tuple[str, ...]:
    """Names of the partitions that there are, oldest first; none without partitioning."""
    if connection.dialect.name != "postgresql" or connection.scalar(_IS_PARTITIONED) is None:
        return ()
    return tuple(connection.scalars(_ATTACHED))


def ensure_months(connection: Connection, months: Iterable[Month]) -> tuple[Month, ...]:
    """Make the partitions that are missing, in the caller's transaction; return their months.

    Processes that do this at once wait for each other until the end of their transactions, so
    commit soon. Raises `OutdatedStoreError` if a month's table is there, but detached.
    """
    missing = _missing(connection, months)
    if not missing:
        return ()
    take(connection, Lock.PARTITIONS)
    # Somebody else may have made some while we waited.
    missing = _missing(connection, missing)
    for month in missing:
        _make(connection, month)
    return missing


async def ensure_months_async(
    connection: AsyncConnection, months: Iterable[Month]
) -> tuple[Month, ...]:
    """As `ensure_months`."""
    return await connection.run_sync(ensure_months, months)


def _missing(connection: Connection, months: Iterable[Month]) -> tuple[Month, ...]:
    if connection.dialect.name != "postgresql" or connection.scalar(_IS_PARTITIONED) is None:
        return ()
    there = set(connection.scalars(_ATTACHED))
    return tuple(month for month in sorted(set(months)) if partition_name(month) not in there)


def _make(connection: Connection, month: Month) -> None:
    name = partition_name(month)
    if connection.scalar(_EXISTS, {"name": name}) is not None:
        reason = f"the table {name} is there but is no partition of {PARENT}"
        raise OutdatedStoreError(reason, _attaching(month))
    for statement in partition_statements(month):
        connection.exec_driver_sql(statement)


def _attaching(month: Month) -> str:
    name, first, next_first = partition_name(month), month.first_day, month.plus(1).first_day
    bounds = f"FROM ('{first} 00:00:00+00') TO ('{next_first} 00:00:00+00')"
    return f"ALTER TABLE {PARENT} ATTACH PARTITION {name} FOR VALUES {bounds}"
