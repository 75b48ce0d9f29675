"""A database that is away: said in a sentence, nothing half done, and well when it is back."""

from __future__ import annotations

import asyncio
import gc
import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cscs_domain.errors import StoreUnavailableError
from cscs_domain.events.stored import EventFilter
from cscs_sql.availability import telling_unavailability
from cscs_sql.database_urls import async_engine, sync_engine
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.events_site import NOW, everything
from tests.sql_databases import initialised, postgresql, sqlite
from tests.unit.sql.store_site import (
    blocking,
    counts,
    locked_file,
    opened_store,
    run,
    some,
    waiting_backend,
)

pytestmark = pytest.mark.anyio

EVERYTHING = EventFilter()
NOBODY = "nobody_here@127.0.0.1:5432/postgres"
NOBODY_WITH_WORD = "nobody_here:hidden-word@127.0.0.1:5432/postgres"
LOCKED = "the event store: the SQLite file is locked by another process"
LINKS_LOCKED = "LOCK TABLE resource_usage_event_links IN ACCESS EXCLUSIVE MODE"


def a_closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def test_a_server_that_refuses_is_unavailable_and_no_address_is_told() -> None:
    url = f"postgresql://ada:hidden-word@127.0.0.1:{a_closed_port()}/events"
    async with opened_store(url) as store:
        with pytest.raises(StoreUnavailableError) as raised:
            await store.store(some(range(1)), at=NOW)

    assert raised.value.retryable
    assert str(raised.value) == (
        "the event store: PostgreSQL cannot be reached, or broke the connection off"
    )


async def test_a_connection_lost_in_the_middle_leaves_nothing_and_the_next_works(
    tmp_path: Path,
) -> None:
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            with blocking(url, LINKS_LOCKED):
                storing = asyncio.create_task(store.store(some(range(100)), at=NOW))
                lost = await waiting_backend(url)
                run(url, f"SELECT pg_terminate_backend({lost})")
                with pytest.raises(StoreUnavailableError, match="57P01"):
                    await storing
            left = counts(url)
            outcome = await store.store(some(range(100)), at=NOW)

    assert left["events"] == left["event_links"] == left["touched_days"] == 0
    assert outcome.stored == 100


async def test_connections_that_died_unnoticed_are_replaced(tmp_path: Path) -> None:
    """As after a restart of the server, between two batches."""
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            await asyncio.gather(*(store.store(some(range(9)), at=NOW) for _ in range(5)))
            run(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )

            assert len(await everything(store)) == 9


async def test_nobody_waits_for_a_lock_without_end(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        options = make_url(url).normalized_query.get("options", ())
        patience = {"options": " ".join((*options, "-c lock_timeout=200ms"))}
        hasty = make_url(url).update_query_dict(patience).render_as_string(hide_password=False)
        async with opened_store(hasty) as store:
            with blocking(url, LINKS_LOCKED), pytest.raises(StoreUnavailableError) as raised:
                await store.store(some(range(10)), at=NOW)
            outcome = await store.store(some(range(10)), at=NOW)

    assert raised.value.retryable
    assert outcome.stored == 10


@pytest.mark.parametrize(("make", "patience"), [(async_engine, "20s"), (sync_engine, "10min")])
async def test_every_connection_has_bounds(
    tmp_path: Path, make: Callable[[str], Engine | AsyncEngine], patience: str
) -> None:
    show = text("SELECT current_setting('lock_timeout'), current_setting('transaction_isolation')")
    with initialised(postgresql, tmp_path) as url:
        engine = make(url)
        if isinstance(engine, AsyncEngine):
            async with engine.connect() as connection:
                found = (await connection.execute(show)).one()
            await engine.dispose()
        else:
            with engine.connect() as plain:
                found = plain.execute(show).one()
            engine.dispose()

    assert tuple(found) == (patience, "read committed")


async def test_a_caller_who_is_gone_leaves_no_error_behind(tmp_path: Path) -> None:
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url) as store:
            with blocking(url, LINKS_LOCKED):
                storing = asyncio.create_task(store.store(some(range(10)), at=NOW))
                lost = await waiting_backend(url)
                storing.cancel()
                await asyncio.gather(storing, return_exceptions=True)
                run(url, f"SELECT pg_terminate_backend({lost})")
    gc.collect()

    assert complaints == []


async def test_a_transaction_in_a_deadlock_is_run_again(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        run(url, BREAKS.format(state="40P01", times=1))
        async with opened_store(url) as store:
            outcome = await store.store(some(range(10)), at=NOW)

            assert outcome.stored == 10
            assert len(await everything(store)) == 10


async def test_a_transaction_that_fails_again_and_again_is_given_up(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        run(url, BREAKS.format(state="40001", times=99))
        async with opened_store(url) as store:
            with pytest.raises(StoreUnavailableError, match=r"could not .* \(40001\)"):
                await store.store(some(range(10)), at=NOW)
        left = counts(url)

    assert left["events"] == left["event_links"] == 0


BREAKS = """
    CREATE SEQUENCE attempts;
    CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS '
      BEGIN
        IF nextval(''attempts'') <= {times} THEN
          RAISE EXCEPTION ''broken off'' USING ERRCODE = ''{state}'';
        END IF;
        RETURN NULL;
      END';
    CREATE TRIGGER breaks AFTER INSERT ON resource_usage_event_links
      FOR EACH STATEMENT EXECUTE FUNCTION break_off()
"""
"""Ends the first transactions with an error; sequences count on however transactions end."""


async def test_a_pool_without_a_free_connection_is_unavailable(tmp_path: Path) -> None:
    file = f"sqlite+aiosqlite:///{tmp_path / 'events.sqlite3'}"
    engine = create_async_engine(file, pool_size=1, max_overflow=0, pool_timeout=0.01)
    store = SqlUsageEventStore(engine, zone=UTC)
    async with engine.connect():
        with pytest.raises(StoreUnavailableError, match="no connection became free in time"):
            await store.page(EVERYTHING, limit=1)
    await store.close()


async def test_who_stops_waiting_for_a_page_gives_the_connection_back(tmp_path: Path) -> None:
    engines: list[AsyncEngine] = []
    with initialised(postgresql, tmp_path) as url:
        async with opened_store(url, engines.append) as store:
            with blocking(url, LINKS_LOCKED):
                reading = asyncio.create_task(store.page(EVERYTHING, limit=1))
                await waiting_backend(url)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading

            assert await store.page(EVERYTHING, limit=1) == []
            assert engines[0].sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_file_that_somebody_else_writes_to_is_unavailable(tmp_path: Path) -> None:
    with initialised(sqlite, tmp_path) as url:
        async with opened_store(url, impatient) as store:
            waiting = (store.store(some(range(3)), at=NOW) for _ in range(3))
            with locked_file(url):
                failed = await asyncio.gather(*waiting, return_exceptions=True)
            outcome = await store.store(some(range(3)), at=NOW)

    assert [str(error) for error in failed] == [LOCKED] * 3
    assert {type(error) for error in failed} == {StoreUnavailableError}
    assert outcome.stored == 3


def impatient(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _no_waiting(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute("PRAGMA busy_timeout=0")


async def test_a_file_that_is_no_database_is_unavailable_for_good(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    path.write_bytes(b"no database" * 1000)

    async with opened_store(f"sqlite:///{path}") as store:
        with pytest.raises(StoreUnavailableError, match="is no SQLite file") as raised:
            await store.page(EVERYTHING, limit=1)

    assert not raised.value.retryable


@pytest.mark.parametrize("who", ["postgres@127.0.0.1:5432/not_there", NOBODY, NOBODY_WITH_WORD])
async def test_a_server_that_does_not_let_us_in_is_unavailable_until_that_is_mended(
    tmp_path: Path, who: str
) -> None:
    with postgresql(tmp_path):  # leaves this out where there is no server
        async with opened_store(f"postgresql://{who}") as store:
            with pytest.raises(StoreUnavailableError) as raised:
                await store.page(EVERYTHING, limit=1)

    assert not raised.value.retryable
    assert str(raised.value) == (
        "the event store: PostgreSQL does not let us in:"
        " check the name of the database, the user and the password"
    )


@pytest.mark.parametrize("parameter", ["sslmode=foo", "connect_timeout=abc", "options=-cfoo%3D1"])
async def test_parameters_that_nobody_understands_are_said_to_be_wrong(
    tmp_path: Path, parameter: str
) -> None:
    with postgresql(tmp_path):
        url = f"postgresql://postgres@127.0.0.1:5432/postgres?{parameter}"
        async with opened_store(url) as store:
            with pytest.raises(StoreUnavailableError, match="check its parameters") as raised:
                await store.page(EVERYTHING, limit=1)

    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("text", "retryable"),
    [
        ('FATAL:  password authentication failed for user "ada"', False),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "ada", database "x"', False),
        ('FATAL:  role "ada" is not permitted to log in', False),
        ('FATAL:  permission denied for database "x"', False),
        ("connection to server failed: fe_sendauth: no password supplied", False),
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  sorry, too many clients already", True),
        ("connection failed: Connection refused", True),
        ("failed to resolve host 'db': [Errno -2] Name or service not known", True),
        ("server does not support SSL, but SSL was required", True),
    ],
)
def test_waiting_helps_against_some_of_what_servers_say(text: str, *, retryable: bool) -> None:
    with pytest.raises(StoreUnavailableError) as raised, telling_unavailability():
        raise psycopg.OperationalError(text)

    assert raised.value.retryable is retryable
    assert "ada" not in str(raised.value)


def test_rights_that_are_missing_are_said_to_be() -> None:
    refused = pytest.raises(StoreUnavailableError, match=r"take the owner .* \(42501\)")
    with refused as raised, telling_unavailability():
        raise psycopg.errors.InsufficientPrivilege("permission denied for table x")

    assert not raised.value.retryable
