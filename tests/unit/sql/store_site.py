"""Stores in databases for tests, and somebody who is in their way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, timedelta, tzinfo
from typing import Final

import psycopg
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_domain.events.links import Link
from cscs_domain.events.stored import LinkedEvent, SumsQuery, UsageScope
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums
from cscs_domain.ports import UsageEventStore
from cscs_sql.database_urls import async_engine
from cscs_sql.opening import opened
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.events_site import an_event, at, linked

BEGIN: Final = at("2025-11-19T10:00Z")
P1: Final = Link(project="p1")
OF_P1: Final = SumsQuery(
    scope=UsageScope.PROJECT, id="p1", first=date(2025, 11, 1), last=date(2025, 11, 30)
)
_PATIENCE: Final = 30


def some(
    numbers: range, *, cpu: int = 1, collected: str = "2025-11-20T00:00Z"
) -> list[LinkedEvent]:
    """An event of project p1 for each number, an hour each."""
    begins = (BEGIN + timedelta(hours=number % 48) for number in numbers)
    made = (an_event(begin.isoformat(), cpu=cpu, collected=collected) for begin in begins)
    return [linked(event, number, P1) for number, event in zip(numbers, made, strict=True)]


@asynccontextmanager
async def opened_store(
    url: str, prepare: Callable[[AsyncEngine], None] | None = None, *, zone: tzinfo = UTC
) -> AsyncIterator[SqlUsageEventStore]:
    """A store on the database, whose days are those of UTC unless said otherwise."""
    engine = async_engine(url)
    if prepare is not None:
        prepare(engine)
    store = SqlUsageEventStore(engine, zone=zone)
    try:
        yield store
    finally:
        await store.close()


async def summed(store: UsageEventStore) -> UsageSums:
    """The sums of project p1."""
    return sum((one.sums for one in await store.daily_sums(OF_P1)), NOTHING_USED)


def counts(url: str) -> dict[str, int]:
    """How many rows the tables of a batch have."""
    names = ("events", "event_links", "touched_days", "receipts")
    with opened(url) as connection:
        return {name: _count(connection, f"resource_usage_{name}") for name in names}


def _count(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def run(url: str, *statements: str) -> None:
    """Do something to the database behind the store's back."""
    with opened(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@contextmanager
def blocking(url: str, *statements: str) -> Iterator[psycopg.Connection]:
    """Somebody with a transaction on PostgreSQL that has done these, and does not end."""
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        yield connection
        connection.rollback()


@contextmanager
def locked_file(url: str) -> Iterator[None]:
    """Somebody with the writer's lock of an SQLite file."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def waiting_backend(url: str, *, count: int = 1) -> int:
    """A process on PostgreSQL that waits for a lock, as soon as there are so many."""
    asked = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(_PATIENCE):
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while True:
                rows = await (await connection.execute(asked)).fetchall()
                if len(rows) >= count:
                    return int(rows[0][0])
                await asyncio.sleep(0.005)
    raise AssertionError
