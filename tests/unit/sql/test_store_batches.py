"""A batch in a database: all of it or nothing, in a few statements, whoever else is there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_domain.events.newest_of_each import newest_of_each
from cscs_domain.events.stored import LinkedEvent, Receipt
from cscs_domain.events.usage_sums import sum_events
from cscs_domain.usage.months import Month
from cscs_sql.opening import opened
from cscs_sql.partitions import attached_partitions, partition_name
from tests.events_site import NOW, everything
from tests.sql_databases import initialised, postgresql
from tests.unit.sql.store_site import (
    counts,
    opened_store,
    run,
    some,
    statements_of,
    summed,
)

pytestmark = pytest.mark.anyio

AHEAD = [(2026, 11), (2026, 12), (2027, 1), (2027, 2)]
RECEIPT = Receipt(sender="s", key="k", digest="d")
NOTHING = {"events": 0, "event_links": 0, "touched_days": 0, "receipts": 0}

SPOILED = {
    "sqlite": """
        CREATE TRIGGER spoiled BEFORE INSERT ON resource_usage_event_links
        WHEN NEW.event_id = '00000000000000000000000000000032'
        BEGIN SELECT RAISE(ABORT, 'spoiled'); END
    """,
    "postgresql": """
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RAISE EXCEPTION ''spoiled''; END';
        CREATE TRIGGER spoiled BEFORE INSERT ON resource_usage_event_links FOR EACH ROW
        WHEN (NEW.event_id = '00000000000000000000000000000032') EXECUTE FUNCTION spoil()
    """,
}
"""What refuses the link of event 50, in the middle of a batch."""
MENDED = {
    "sqlite": "DROP TRIGGER spoiled",
    "postgresql": "DROP TRIGGER spoiled ON resource_usage_event_links",
}


def dialect_of(url: str) -> str:
    return url.partition(":")[0]


async def test_a_batch_that_fails_in_the_middle_leaves_nothing(database: str) -> None:
    dialect = dialect_of(database)
    run(database, SPOILED[dialect])
    batch = some(range(100))

    async with opened_store(database) as store:
        with pytest.raises(DBAPIError, match="spoiled"):
            await store.store(batch, at=NOW, receipt=RECEIPT)
        left = counts(database)
        run(database, MENDED[dialect])
        outcome = await store.store(batch, at=NOW, receipt=RECEIPT)

        assert left == NOTHING
        assert (outcome.stored, outcome.replayed) == (100, False)
        assert await summed(store) == sum_events(linked.event for linked in batch)


async def test_a_batch_that_fails_takes_no_other_along(database: str) -> None:
    run(database, SPOILED[dialect_of(database)])
    numbers = [range(20), range(40, 60), range(20, 40), range(60, 80)]

    async with opened_store(database) as store:
        outcomes = await asyncio.gather(
            *(store.store(some(part), at=NOW) for part in numbers), return_exceptions=True
        )
        there = {stored.event_id.int for stored in await everything(store)}

    failed = [isinstance(outcome, DBAPIError) for outcome in outcomes]
    assert failed == [False, True, False, False]
    assert there == {*range(40), *range(60, 80)}


async def test_a_batch_costs_as_many_statements_as_one_event(database: str) -> None:
    engines: list[AsyncEngine] = []
    sent = {}
    async with opened_store(database, engines.append) as store:
        await store.store(some(range(2000, 2048)), at=NOW)
        for size in (1, 100, 1000):
            with statements_of(engines[0]) as statements:
                await store.store(some(range(size)), at=NOW)
            sent[size] = len(statements)

    assert sent[1] == sent[100] == sent[1000]
    # What the store is now is asked by the way on PostgreSQL, and first on SQLite.
    assert sent[1] == (1 if dialect_of(database) == "postgresql" else 6)


async def test_overlapping_batches_in_opposite_orders_all_end(database: str) -> None:
    """Twenty on two engines, as two servers have it, and each replaces what others stored."""
    aged = [some(range(60), cpu=n, collected=f"2025-11-20T00:{n:02}Z") for n in range(20)]
    batches: list[list[LinkedEvent]] = [
        part[:: 1 if n % 2 else -1] + part[:5] for n, part in enumerate(aged)
    ]
    async with opened_store(database) as first, opened_store(database) as second:
        by_turns = (first, second)
        outcomes = await asyncio.gather(
            *(by_turns[n % 2].store(batch, at=NOW) for n, batch in enumerate(batches))
        )
        there = await everything(second)
        sums = await summed(first)

    assert sum(outcome.stored for outcome in outcomes) == 60
    assert [stored.event for stored in there] == [one.event for one in newest_of_each(aged[-1])]
    assert sums == sum_events(linked.event for linked in aged[-1])


async def test_a_partition_that_somebody_took_away_is_made_again(tmp_path: Path) -> None:
    """As retention does, which may run elsewhere."""
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.store(some(range(3)), at=NOW)
            run(url, f"DROP TABLE {partition_name(Month(2025, 11))}")

            outcome = await store.store(some(range(3, 6)), at=NOW)

            assert outcome.stored == 3


async def test_maintenance_makes_room_for_the_coming_months(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await store.maintain(at=NOW)
            await store.maintain(at=NOW)

        with opened(url) as connection:
            made = attached_partitions(connection)

    assert made[-4:] == tuple(partition_name(Month(*month)) for month in AHEAD)
