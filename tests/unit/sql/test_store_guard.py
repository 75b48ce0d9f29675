"""A store that was given another zone, other tables or none, under a server that is running."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

import attrs
import pytest
from sqlalchemy.exc import DBAPIError

from cscs_domain.errors import InvalidValueError, OutdatedStoreError, UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery
from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import (
    ErasedEvent,
    EventFilter,
    LinkChange,
    Receipt,
    StoredEvent,
    SumsQuery,
    UsageScope,
)
from cscs_sql.administration import downgrade, initialise, rebuild
from cscs_sql.availability import lacks_something
from cscs_sql.database_urls import async_engine
from cscs_sql.directory import SqlDirectory
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.events_site import NOW, ZURICH, everything
from tests.unit.sql.store_site import counts, opened_store, run, some

pytestmark = pytest.mark.anyio

OTHER_LINK: Final = Link(project="p9")
BY_HAND: Final = attrs.evolve(OTHER_LINK, correction=Correction(by="ada", at=NOW, reason="wrong"))
SUMS: Final = SumsQuery(
    scope=UsageScope.PROJECT, id="p1", first=date(2025, 11, 1), last=date(2025, 11, 30)
)
RECEIPT: Final = Receipt(sender="pbs1", key="k", digest="d")
NEXT_YEAR: Final = NOW + timedelta(days=365)


async def store_some(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.store(some(range(10, 12)), at=NOW)


async def store_with_receipt(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.store(some(range(10, 12)), at=NOW, receipt=RECEIPT)


async def relink(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    change = LinkChange(key=stored.key, revision=stored.revision, link=OTHER_LINK)
    return await store.relink([change], at=NOW)


async def correct(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    change = LinkChange(key=stored.key, revision=stored.revision, link=BY_HAND)
    return await store.correct([change], at=NOW)


async def erase(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    erased = ErasedEvent(
        key=stored.key, revision=stored.revision, event=stored.event, link=stored.link
    )
    return await store.erase([erased], at=NOW)


async def forget(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.forget_user("u1")


async def refresh(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.refresh()


async def maintain(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    await store.maintain(at=NEXT_YEAR)
    return None


async def read_sums(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.daily_sums(SUMS)


async def read_allocations(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.allocation_sums(["a1"])


async def read_events(store: SqlUsageEventStore, stored: StoredEvent) -> object:
    del stored
    return await store.page(EventFilter(), limit=9)


Action = Callable[[SqlUsageEventStore, StoredEvent], Awaitable[object]]
WRITES: Final[list[Action]] = [
    store_some,
    store_with_receipt,
    relink,
    correct,
    erase,
    forget,
    refresh,
    maintain,
]
SUMMING: Final[list[Action]] = [read_sums, read_allocations]


def name_of(action: Action) -> str:
    name: str = getattr(action, "__name__", "")
    return name


@pytest.mark.parametrize("action", [*WRITES, *SUMMING], ids=name_of)
async def test_a_store_of_another_zone_is_refused_with_the_remedy_and_not_changed(
    database: str, action: Action
) -> None:
    """As where somebody rebuilds it, and where a server was started while it was away."""
    async with opened_store(database) as store:
        await store.store(some(range(3)), at=NOW)
        (stored, *_) = await everything(store)
        rebuild(database, ZURICH)
        before = counts(database)

        with pytest.raises(OutdatedStoreError) as raised:
            await action(store, stored)

        assert raised.value.remedy == "cscs events rebuild"
        assert counts(database) == before
        assert (await everything(store))[0] == stored

        rebuild(database, UTC)
        await action(store, stored)


@pytest.mark.parametrize("action", [*WRITES, *SUMMING, read_events], ids=name_of)
async def test_a_store_without_tables_is_refused_with_the_remedy(
    database: str, action: Action
) -> None:
    async with opened_store(database) as store:
        await store.store(some(range(3)), at=NOW)
        (stored, *_) = await everything(store)
        downgrade(database, "base")

        with pytest.raises(OutdatedStoreError, match="no tables yet; run: cscs events init"):
            await action(store, stored)

        initialise(database, zone=UTC, now=NOW)
        await action(store, stored)


@pytest.mark.parametrize("action", WRITES, ids=name_of)
@pytest.mark.parametrize(
    ("revision", "remedy"), [("0002", "cscs events upgrade"), ("0999", "a newer cscs-domain")]
)
async def test_a_store_of_another_revision_is_refused_with_the_remedy(
    database: str, action: Action, revision: str, remedy: str
) -> None:
    async with opened_store(database) as store:
        await store.store(some(range(3)), at=NOW)
        (stored, *_) = await everything(store)
        run(database, f"UPDATE {REVISION_TABLE} SET version_num = '{revision}'")
        before = counts(database)

        with pytest.raises(OutdatedStoreError) as raised:
            await action(store, stored)

        assert raised.value.remedy == remedy
        assert counts(database) == before


async def test_a_table_that_is_missing_by_itself_is_said_to_be(database: str) -> None:
    async with opened_store(database) as store:
        run(database, "DROP TABLE resource_usage_receipts")

        with pytest.raises(OutdatedStoreError, match=r"lacks tables .* run: cscs events status"):
            await store.maintain(at=NOW)


async def test_a_column_that_is_missing_is_said_to_be(database: str) -> None:
    async with opened_store(database) as store:
        run(database, "ALTER TABLE resource_usage_events RENAME COLUMN vcpus_allocated TO vcpus")

        with pytest.raises(OutdatedStoreError, match="lacks tables or columns"):
            await store.store(some(range(3)), at=NOW)
        with pytest.raises(OutdatedStoreError, match="lacks tables or columns"):
            await store.page(EventFilter(), limit=1)


async def test_a_directory_without_tables_is_out_of_order_for_good(database: str) -> None:
    directory = SqlDirectory(async_engine(database))
    downgrade(database, "0002")
    with pytest.raises(UpstreamServiceError) as raised:
        await directory.find(DirectoryQuery(emails=frozenset({"a@b.ch"})))
    await directory.close()

    assert not raised.value.retryable


def test_a_mistake_in_a_statement_is_nothing_that_is_missing() -> None:
    assert not lacks_something(DBAPIError("", None, sqlite3.OperationalError("syntax error")))


def test_a_zone_has_to_have_a_name() -> None:
    engine = async_engine("sqlite:///never.sqlite3")

    with pytest.raises(InvalidValueError, match="Europe/Zurich"):
        SqlUsageEventStore(engine, zone=timezone(timedelta(hours=1)))


class WatchedZone(tzinfo):
    """UTC, which remembers the threads that ask for it."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def __str__(self) -> str:
        return "UTC"

    def tzname(self, _moment: datetime | None) -> str:
        return str(self)

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        self.threads.add(threading.get_ident())
        return timedelta(0)

    def dst(self, _moment: datetime | None) -> timedelta:
        return timedelta(0)


@pytest.mark.parametrize(("events", "is_beside"), [(500, False), (501, True)])
async def test_rows_of_large_batches_are_made_beside_the_event_loop(
    database: str, events: int, *, is_beside: bool
) -> None:
    """Other requests would have to wait for them."""
    zone = WatchedZone()
    async with opened_store(database, zone=zone) as store:
        assert (await store.store(some(range(events)), at=NOW)).stored == events

    assert zone.threads
    assert (threading.get_ident() in zone.threads) is not is_beside
