"""Transactions in each other's way, one step at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import LinkChange, Receipt
from cscs_domain.events.usage_sums import sum_events
from cscs_sql.locks import Lock
from tests.events_site import NOW, everything
from tests.sql_databases import initialised, postgresql, sqlite
from tests.unit.sql.store_site import (
    blocking,
    locked_file,
    opened_store,
    some,
    summed,
    waiting_backend,
)

pytestmark = pytest.mark.anyio

BY_HAND = Link(project="p9", correction=Correction(by="ada", at=NOW, reason="wrong"))
TAKE_SUMMARIES = f"SELECT pg_advisory_xact_lock({Lock.SUMMARIES.value})"
LOCK_LINKS = "LOCK TABLE resource_usage_event_links IN ACCESS EXCLUSIVE MODE"
REPLACE_ALL = (
    "UPDATE resource_usage_events SET revision = revision + 1, cpu_time_seconds = 7",
    "UPDATE resource_usage_event_links SET project_id = 'p7'",
)
"""What storing newer events does."""


async def test_what_is_stored_while_others_refresh_is_in_the_next_sums(tmp_path: Path) -> None:
    before, meanwhile = some(range(5)), some(range(5, 9))
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(before, at=NOW)
            with blocking(url, TAKE_SUMMARIES):
                refreshing = asyncio.create_task(store.refresh())
                await waiting_backend(url)
                await store.store(meanwhile, at=NOW)

            assert await refreshing == 1
            assert await summed(store) == sum_events(one.event for one in before + meanwhile)


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_link_made_of_a_replaced_event_is_not_put_in(
    tmp_path: Path, *, by_hand: bool
) -> None:
    """The event is replaced after somebody has looked at it and before they write."""
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            batch = some(range(3))
            await store.store(batch, at=NOW)
            link = BY_HAND if by_hand else Link(project="p8")
            changes = [LinkChange(key=one.key, revision=1, link=link) for one in batch]
            with blocking(url, *REPLACE_ALL) as replacing:
                put = store.correct if by_hand else store.relink
                linking = asyncio.create_task(put(changes, at=NOW))
                await waiting_backend(url)
                replacing.commit()

            assert await linking == 0
            assert {one.link.project for one in await everything(store)} == {"p7"}


async def test_one_batch_sent_twice_at_once_waits_for_the_answer_of_the_first(
    tmp_path: Path,
) -> None:
    receipt = Receipt(sender="s", key="k", digest="d")
    batch = some(range(3))
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.maintain(at=NOW)
            with blocking(url, LOCK_LINKS):
                sent = [
                    asyncio.create_task(store.store(batch, at=NOW, receipt=receipt))
                    for _ in range(3)
                ]
                await waiting_backend(url)
            outcomes = [await one for one in sent]

    assert {(one.stored, one.duplicates) for one in outcomes} == {(3, 0)}
    assert sorted(one.replayed for one in outcomes) == [False, True, True]


async def test_a_batch_whose_sender_goes_away_is_stored_to_the_end(tmp_path: Path) -> None:
    """Nobody knows then whether it is; sending it again finds out."""
    engines: list[AsyncEngine] = []
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url, engines.append) as store:
            with blocking(url, LOCK_LINKS):
                storing = asyncio.create_task(store.store(some(range(100)), at=NOW))
                await waiting_backend(url)
                storing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await storing
            await store.close()
            assert engines[0].sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]

            outcome = await store.store(some(range(100)), at=NOW)

    assert (outcome.stored, outcome.duplicates) == (0, 100)


async def test_a_batch_whose_sender_goes_away_before_its_turn_is_not_stored(
    tmp_path: Path,
) -> None:
    with initialised(sqlite, tmp_path) as url:
        async with opened_store(url) as store:
            with locked_file(url):
                first = asyncio.create_task(store.store(some(range(3)), at=NOW))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                second = asyncio.create_task(store.store(some(range(3, 6)), at=NOW))
                await asyncio.sleep(0)
                for one in (first, second):
                    one.cancel()
            await asyncio.gather(first, second, return_exceptions=True)
            third = await store.store(some(range(6)), at=NOW)

    assert (third.stored, third.duplicates) == (3, 3)
