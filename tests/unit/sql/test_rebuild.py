"""Taking another zone for the days of all sums, under the eyes of those who read and write."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from cscs_domain.errors import InvalidValueError, OutdatedStoreError
from cscs_domain.events.batches import parse_batch
from cscs_domain.events.event import DEFAULT_SOURCES
from cscs_domain.events.links import Correction, Link
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import LinkChange, LinkedEvent, SumsQuery, UsageScope
from cscs_sql.administration import initialise, rebuild
from cscs_sql.opening import opened
from cscs_sql.schema import summaries, touched_days
from cscs_sql.state_report import schema_state
from tests.events_site import NOW, everything
from tests.sql_databases import initialised, postgresql
from tests.unit.sql.store_rows import FIRST, HOUR, put_events
from tests.unit.sql.store_site import P1, blocking, opened_store, some, waiting_backend

ZURICH: Final = ZoneInfo("Europe/Zurich")
LOS_ANGELES: Final = ZoneInfo("America/Los_Angeles")
AUCKLAND: Final = ZoneInfo("Pacific/Auckland")
SAMPLE: Final = Path(__file__).parents[2] / "data" / "events" / "usage_events_batch.json"
BY_HAND: Final = Link(project="p9", correction=Correction(by="ada", at=NOW, reason="wrong"))


def sample() -> list[LinkedEvent]:
    """Events whose windows begin at 23:00 UTC, which is midnight in Zurich."""
    payload = json.loads(SAMPLE.read_text("utf-8"))
    batch = parse_batch(payload, sources=DEFAULT_SOURCES, most_events=100)
    return [
        LinkedEvent(event_id=UUID(int=number), event=event, link=P1)
        for number, event in batch.events
    ]


async def by_day(url: str, zone: tzinfo) -> Counter[date]:
    """How many events of project p1 the sums have."""
    query = SumsQuery(scope=UsageScope.PROJECT, id="p1", first=date(2025, 1, 1), last=date.max)
    async with opened_store(url, zone=zone) as store:
        return Counter({one.day: one.sums.events for one in await store.daily_sums(query)})


@pytest.mark.parametrize("before", [UTC, ZURICH, LOS_ANGELES, AUCKLAND], ids=str)
@pytest.mark.parametrize("after", [UTC, ZURICH, LOS_ANGELES, AUCKLAND], ids=str)
async def test_sums_are_those_of_the_new_zone_whichever_side_it_lies(
    empty_database: str, before: tzinfo, after: tzinfo
) -> None:
    events = sample() + some(range(100, 148))
    initialise(empty_database, zone=before, now=NOW)
    async with opened_store(empty_database, zone=before) as store:
        await store.store(events, at=NOW)
        await store.refresh()

    rebuild(empty_database, after)

    days = SiteDays(after)
    assert await by_day(empty_database, after) == Counter(
        days.of(linked.event.time_window_start) for linked in events
    )


async def test_a_store_waiting_for_a_rebuild_is_told_of_the_new_zone(tmp_path: Path) -> None:
    """What it would have noted are days of the old one."""
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(some(range(3)), at=NOW)
            with blocking(url, *REBUILDS) as rebuilding:
                storing = asyncio.create_task(store.store(some(range(3, 6)), at=NOW))
                await waiting_backend(url)
                rebuilding.commit()
                with pytest.raises(OutdatedStoreError, match="of Europe/Zurich and not of UTC"):
                    await storing

        assert schema_state(url).rows["resource_usage_events"] == 3


async def test_a_correction_waiting_for_a_rebuild_is_told_of_the_new_zone(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(some(range(1)), at=NOW)
            (stored,) = await everything(store)
            change = LinkChange(key=stored.key, revision=stored.revision, link=BY_HAND)
            with blocking(url, *REBUILDS) as rebuilding:
                correcting = asyncio.create_task(store.correct([change], at=NOW))
                await waiting_backend(url)
                rebuilding.commit()
                with pytest.raises(OutdatedStoreError, match="of Europe/Zurich and not of UTC"):
                    await correcting

            assert not (await everything(store))[0].link.is_manual


async def test_a_rebuild_waits_for_a_batch_that_is_being_stored(tmp_path: Path) -> None:
    """So the day of its events is among those that are summed up again."""
    batch = some(range(3))
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            with blocking(url, "LOCK TABLE resource_usage_touched_days") as other:
                storing = asyncio.create_task(store.store(batch, at=NOW))
                await waiting_backend(url)
                rebuilding = asyncio.create_task(asyncio.to_thread(rebuild, url, ZURICH))
                await waiting_backend(url, count=2)
                other.rollback()
                outcome, days = await asyncio.gather(storing, rebuilding)

        assert (outcome.stored, days) == (3, 1)
        assert (await by_day(url, ZURICH)).total() == 3


REBUILDS: Final = (
    "UPDATE resource_usage_store SET value = 'Europe/Zurich' WHERE name = 'site_timezone'",
    "LOCK TABLE resource_usage_events IN EXCLUSIVE MODE",
)
"""What makes others wait."""


def test_another_zone_touches_every_day_with_events(database: str) -> None:
    with opened(database) as connection:
        put_events(connection, [FIRST, FIRST + HOUR, FIRST + 48 * HOUR])

    assert rebuild(database, ZURICH) == 2

    state = schema_state(database)
    assert (state.zone, state.touched_days) == ("Europe/Zurich", 2)
    with opened(database) as connection:
        days = sorted(connection.scalars(select(touched_days.c.day)))
    assert days == [date(2025, 11, 1), date(2025, 11, 3)]


def put_sums(url: str, days: Sequence[date]) -> None:
    sums = ("cpu_seconds", "gpu_seconds", "walltime_seconds", "ram_byte_seconds")
    row = dict.fromkeys((*sums, "storage_byte_seconds", "events", "not_summed"), 1)
    key = {"source": "pbs", "user_id": "", "project_id": "", "allocation_id": ""}
    with opened(url) as connection:
        connection.execute(insert(summaries), [{"day": day, **key, **row} for day in days])


def test_days_whose_events_were_dropped_keep_their_sums(database: str) -> None:
    oldest = SiteDays(UTC).of(FIRST)
    days = [date(2020, 1, 1), oldest, oldest + timedelta(days=1), oldest + timedelta(days=9)]
    with opened(database) as connection:
        put_events(connection, [FIRST, FIRST + 24 * HOUR])
    put_sums(database, days)

    assert rebuild(database, UTC) == 1

    with opened(database) as connection:
        kept = sorted(connection.scalars(select(summaries.c.day)))
        touched = sorted(connection.scalars(select(touched_days.c.day)))
    # The oldest event's day may have lost others, which nobody could sum up again.
    assert (kept, touched) == (days[:2], days[2:3])


def test_sums_that_are_all_there_is_cannot_be_moved_to_days_of_another_zone(database: str) -> None:
    with opened(database) as connection:
        put_events(connection, [FIRST])
    put_sums(database, [date(2020, 1, 1)])

    with pytest.raises(InvalidValueError, match="cannot take the place of UTC"):
        rebuild(database, ZURICH)

    assert schema_state(database).zone == "UTC"


async def test_a_day_that_has_lost_events_is_not_summed_up_again(database: str) -> None:
    oldest = SiteDays(UTC).of(FIRST)
    with opened(database) as connection:
        put_events(connection, [FIRST, FIRST + 24 * HOUR])
        days = [{"day": oldest}, {"day": oldest + timedelta(days=1)}]
        connection.execute(insert(touched_days), days)
    put_sums(database, [date(2020, 1, 1), oldest])

    async with opened_store(database, zone=UTC) as store:
        assert await store.refresh() == 1
        assert await store.refresh() == 0

    with opened(database) as connection:
        sums = dict(connection.execute(select(summaries.c.day, summaries.c.cpu_seconds)).all())
    assert sums[oldest] == 1


def test_a_day_of_25_hours_is_one_day(database: str) -> None:
    """Clocks in Zurich go back on 2025-10-26."""
    begins = datetime(2025, 10, 25, 22, tzinfo=UTC)
    with opened(database) as connection:
        put_events(connection, [begins, begins + 24 * HOUR, begins + 25 * HOUR])

    assert rebuild(database, ZURICH) == 2


def test_an_empty_store_can_change_its_zone(database: str) -> None:
    assert rebuild(database, ZURICH) == 0
    assert schema_state(database).zone == "Europe/Zurich"
