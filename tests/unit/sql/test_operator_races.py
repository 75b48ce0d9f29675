"""Operators who change the store as a whole, while a server goes on, one step at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from cscs_domain.events.usage_sums import sum_events
from cscs_sql.administration import rebuild
from cscs_sql.backup import backup
from cscs_sql.locks import Lock
from cscs_sql.restoring import restore
from tests.events_site import NOW
from tests.sql_databases import initialised, postgresql, sqlite
from tests.unit.sql.store_site import blocking, opened_store, some, summed, waiting_backend

pytestmark = pytest.mark.anyio

TAKE = "SELECT pg_advisory_xact_lock({})"
WRITES = (
    f"SELECT pg_advisory_xact_lock_shared({Lock.MIGRATION.value})",
    "SELECT value FROM resource_usage_store FOR SHARE",
)
"""What somebody has who is writing something."""


async def test_a_rebuild_and_a_refresh_wait_for_each_other(tmp_path: Path) -> None:
    batch = some(range(9))
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(batch, at=NOW)
            with blocking(url, TAKE.format(Lock.SUMMARIES.value)) as in_the_way:
                refreshing = asyncio.create_task(store.refresh())
                await waiting_backend(url)
                rebuilding = asyncio.create_task(asyncio.to_thread(rebuild, url, UTC))
                await waiting_backend(url, count=2)
                in_the_way.commit()

            assert (await refreshing, await rebuilding) == (1, 1)
            assert await summed(store) == sum_events(one.event for one in batch)


async def test_who_begins_to_write_does_not_go_before_a_rebuild_that_waits(tmp_path: Path) -> None:
    """Else a busy server would keep it waiting for ever."""
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(some(range(9)), at=NOW)
            with blocking(url, *WRITES) as before:
                rebuilding = asyncio.create_task(asyncio.to_thread(rebuild, url, UTC))
                await waiting_backend(url)
                refreshing = asyncio.create_task(store.refresh())
                await waiting_backend(url, count=2)
                before.commit()

            assert (await rebuilding, await refreshing) == (1, 1)


async def test_a_restore_waits_for_who_makes_partitions(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with initialised(sqlite, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(some(range(9)), at=NOW)
        await asyncio.to_thread(backup, url, path)
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            with blocking(url, TAKE.format(Lock.PARTITIONS.value)) as in_the_way:
                later = NOW + timedelta(days=900)
                maintaining = asyncio.create_task(store.maintain(at=later))
                await waiting_backend(url)
                restoring = asyncio.create_task(asyncio.to_thread(restore, url, path))
                await waiting_backend(url, count=2)
                in_the_way.commit()
            await maintaining

            assert (await restoring).rows["resource_usage_events"] == 9
