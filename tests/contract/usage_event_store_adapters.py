"""Every store of usage events. A new one joins by a line in the list.

An adapter is prepared once for a whole run (a server's database is made there, and dropped in the
end; where there is no server, `pytest.skip` says so) and opened for each test: empty, with the
days of a zone, and twice on the same data, as two servers have it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from datetime import datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import Text, cast, delete, select

from cscs_domain.events.links import Link
from cscs_domain.ports import UsageEventStore
from cscs_fakes.usage_event_book import RememberedCorrection
from cscs_fakes.usage_event_store import FakeUsageEventStore
from cscs_sql.database_urls import async_engine
from cscs_sql.facts import write_zone, zone_name
from cscs_sql.opening import opened
from cscs_sql.schema import corrections, events, metadata
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.events_site import ZURICH
from tests.sql_databases import Fresh, initialised, postgresql, sqlite


@attrs.frozen
class Ids:
    """What a link led to."""

    user: str | None = None
    project: str | None = None
    allocation: str | None = None


@attrs.frozen(kw_only=True)
class Remembered:
    """A correction in the log of a store: who and why, and what it led to before and after."""

    by: str | None
    reason: str | None
    before: Ids
    after: Ids


@attrs.frozen(kw_only=True)
class Stores:
    """Two open stores on the same data, and a look at the corrections of an event, oldest first.

    `drop_before` lets events of older windows go, as retention does.
    """

    first: UsageEventStore
    second: UsageEventStore
    corrections_of: Callable[[UUID], Awaitable[Sequence[Remembered]]]
    drop_before: Callable[[datetime], Awaitable[None]]


Opening: TypeAlias = Callable[[tzinfo], AbstractAsyncContextManager[Stores]]
"""Gives empty stores with the days of a zone, and closes them."""


@attrs.frozen
class StoreAdapter:
    """How to make stores of one kind for a run of tests."""

    name: str
    prepared: Callable[[], AbstractContextManager[Opening]]


@contextmanager
def _fake() -> Iterator[Opening]:
    yield _fake_stores


@asynccontextmanager
async def _fake_stores(zone: tzinfo) -> AsyncIterator[Stores]:
    store = FakeUsageEventStore(zone)

    async def corrections_of(event_id: UUID) -> Sequence[Remembered]:
        kept = store.book.corrections
        return [_remembered(entry) for entry in kept if entry.key.event_id == event_id]

    async def drop_before(moment: datetime) -> None:
        store.drop_before(moment)

    yield Stores(
        first=store,
        second=store.another(),
        corrections_of=corrections_of,
        drop_before=drop_before,
    )


def _remembered(entry: RememberedCorrection) -> Remembered:
    return Remembered(
        by=entry.by, reason=entry.reason, before=_ids(entry.before), after=_ids(entry.after)
    )


def _ids(link: Link) -> Ids:
    return Ids(link.user, link.project, link.allocation)


@contextmanager
def _sql(fresh: Fresh) -> Iterator[Opening]:
    """One database for a run, emptied for each test."""
    with TemporaryDirectory() as folder, initialised(fresh, Path(folder), ZURICH) as url:
        yield lambda zone: _sql_stores(url, zone)


@asynccontextmanager
async def _sql_stores(url: str, zone: tzinfo) -> AsyncIterator[Stores]:
    _empty(url, zone)
    first, second, looking = (async_engine(url) for _ in range(3))

    async def corrections_of(event_id: UUID) -> Sequence[Remembered]:
        its = corrections.c
        wanted = select(its.corrected_by, its.reason, cast(its.before, Text), cast(its.after, Text))
        async with looking.connect() as connection:
            kept = await connection.execute(wanted.where(its.event_id == event_id).order_by(its.id))
        return [
            Remembered(by=by, reason=reason, before=_ids_in(before), after=_ids_in(after))
            for by, reason, before, after in kept
        ]

    async def drop_before(moment: datetime) -> None:
        with opened(url) as connection:
            connection.execute(delete(events).where(events.c.time_window_start < moment))

    stores = [SqlUsageEventStore(engine, zone=zone) for engine in (first, second)]
    try:
        yield Stores(
            first=stores[0],
            second=stores[1],
            corrections_of=corrections_of,
            drop_before=drop_before,
        )
    finally:
        for store in stores:
            await store.close()
        await looking.dispose()


def _empty(url: str, zone: tzinfo) -> None:
    with opened(url) as connection:
        for table in metadata.tables.values():
            connection.execute(delete(table))
        write_zone(connection, zone_name(zone))


def _ids_in(text: str) -> Ids:
    return Ids(**json.loads(text))


EVENT_STORES: Final = [
    StoreAdapter("fake", _fake),
    StoreAdapter("sqlite", lambda: _sql(sqlite)),
    StoreAdapter("postgresql", lambda: _sql(postgresql)),
]
