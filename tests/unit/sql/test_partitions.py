"""A partition a month on PostgreSQL."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cscs_domain.errors import OutdatedStoreError
from cscs_domain.usage.months import Month
from cscs_sql.database_urls import async_engine, sync_engine
from cscs_sql.opening import opened
from cscs_sql.partitions import (
    attached_partitions,
    ensure_months,
    ensure_months_async,
    months_ahead,
    months_of,
    partition_name,
)
from tests.sql_databases import NOW, initialised, postgresql, sqlite
from tests.unit.sql.store_rows import put_events

MARCH = Month(2026, 3)
ROWS = text("SELECT count(*) FROM resource_usage_events_y2026m03")


def test_months_are_those_of_utc() -> None:
    zone_east = datetime.fromisoformat("2026-01-01T00:30:00+01:00")

    assert months_of([zone_east, NOW]) == {Month(2025, 12), Month(2025, 11)}


def test_months_ahead_begin_with_the_current_one() -> None:
    assert [str(month) for month in months_ahead(NOW, 2)] == ["2025-11", "2025-12", "2026-01"]
    assert months_ahead(NOW, 0) == (Month(2025, 11),)


def test_a_name_tells_the_month() -> None:
    assert partition_name(Month(2025, 11)) == "resource_usage_events_y2025m11"


def test_missing_months_are_made_and_others_left_alone(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url, opened(url) as connection:
        before = attached_partitions(connection)
        made = ensure_months(connection, [MARCH, Month(2025, 12), MARCH])
        again = ensure_months(connection, [MARCH])
        after = attached_partitions(connection)

    assert len(before) == 4
    assert made == (MARCH,)
    assert again == ()
    assert set(after) == {*before, partition_name(MARCH)}


def test_events_land_in_their_month_from_its_first_moment_to_its_last(tmp_path: Path) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    last = datetime(2026, 4, 1, tzinfo=UTC) - timedelta(microseconds=1)
    around = [first - timedelta(microseconds=1), last + timedelta(microseconds=1)]

    with initialised(postgresql, tmp_path) as url, opened(url) as connection:
        put_events(connection, [first, last, *around])

        assert connection.scalar(ROWS) == 2


def test_a_partition_has_the_keys_and_checks_of_the_whole(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        with opened(url) as connection:
            put_events(connection, [NOW])
        with opened(url) as connection, pytest.raises(IntegrityError):
            put_events(connection, [NOW])


def test_processes_that_make_a_month_at_once_make_one(tmp_path: Path) -> None:
    def make(url: str) -> int:
        with opened(url) as connection:
            return len(ensure_months(connection, [MARCH, Month(2026, 5)]))

    with initialised(postgresql, tmp_path) as url:
        with ThreadPoolExecutor(4) as threads:
            made = list(threads.map(make, [url] * 4))

        assert sorted(made) == [0, 0, 0, 2]


async def test_nobody_waits_while_a_month_is_being_made(tmp_path: Path) -> None:
    """Events are read and stored in other months before the transaction has ended."""
    with initialised(postgresql, tmp_path) as url:
        making, other = async_engine(url), sync_engine(url)
        async with making.begin() as connection:
            assert await ensure_months_async(connection, [MARCH]) == (MARCH,)
            async with asyncio.timeout(10):
                await asyncio.to_thread(_read_and_write, url)
        await making.dispose()
        other.dispose()


def _read_and_write(url: str) -> None:
    with opened(url) as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        put_events(connection, [NOW])
        connection.exec_driver_sql("SELECT count(*) FROM resource_usage_events")


def test_a_month_that_was_detached_is_not_taken_for_one(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url, opened(url) as connection:
        connection.exec_driver_sql(
            "ALTER TABLE resource_usage_events DETACH PARTITION resource_usage_events_y2025m11"
        )

        with pytest.raises(OutdatedStoreError, match="ATTACH PARTITION") as refused:
            ensure_months(connection, [Month(2025, 11)])
        connection.exec_driver_sql(refused.value.remedy)

        assert ensure_months(connection, [Month(2025, 11)]) == ()


def test_on_sqlite_there_is_nothing_to_do(tmp_path: Path) -> None:
    with initialised(sqlite, tmp_path) as url, opened(url) as connection:
        assert ensure_months(connection, [MARCH]) == ()
        assert attached_partitions(connection) == ()
