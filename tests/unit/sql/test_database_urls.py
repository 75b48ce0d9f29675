"""Which URLs a store is opened with, and how."""

import asyncio
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from cscs_domain.errors import InvalidValueError, OutdatedStoreError, StoreUnavailableError
from cscs_sql.database_urls import (
    async_engine,
    describe,
    parsed,
    seeing_one_moment,
    sync_engine,
    writing,
)
from cscs_sql.opening import create_file, opened
from tests.sql_databases import postgresql

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "described"),
    [
        ("sqlite:///events.sqlite3", "sqlite:///events.sqlite3"),
        ("sqlite:////srv/events.sqlite3", "sqlite:////srv/events.sqlite3"),
        (f"postgresql://cscs:{SECRET}@db:5433/events", "postgresql://cscs@db:5433/events"),
        (f"postgres://cscs:{SECRET}@db/events", "postgresql://cscs@db:5432/events"),
        ("postgresql+psycopg://db/events?sslmode=require", "postgresql://db:5432/events"),
        (f"postgresql:///events?password={SECRET}", "postgresql://the local socket:5432/events"),
    ],
)
def test_a_url_is_described_without_its_secrets(url: str, described: str) -> None:
    assert described == describe(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no URL"),
        (SECRET, "no URL"),
        (f"postgresql://cscs:{SECRET}@db:port/events", "no URL"),
        (f"mysql://cscs:{SECRET}@db/events", "unknown scheme mysql"),
        (f"sqlite+aiosqlite:///{SECRET}", "unknown scheme"),
        (f"timescaledb://cscs:{SECRET}@db/events", "found by itself"),
        (f"postgresql://cscs:{SECRET}@db", "names no database"),
        (f"postgresql://cscs:{SECRET}@db/", "names no database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:events?mode=ro", "names no file"),
        (f"sqlite://{SECRET}", "slashes"),
        (f"sqlite:///events?key={SECRET}", "parameters"),
        (f"postgresql://cscs:{SECRET}@db/events?nooption=y", "does not know"),
        (f"postgresql://cscs@db/events?{SECRET}=y", "does not know"),
        (f"postgresql://cscs:{SECRET}@db/events?sslmode=require&autocommit=1", "does not know"),
        (f"postgresql://cscs:{SECRET}@/events?host=a&host=b&port=1", "does not know"),
    ],
)
def test_any_other_url_is_refused_in_one_sentence_without_secrets(url: str, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason) as refused:
        parsed(url)

    assert SECRET not in str(refused.value)
    assert "or postgresql://user@host/database" in str(refused.value)


def test_several_hosts_may_be_named_with_parameters_that_postgresql_knows() -> None:
    url = parsed("postgres://cscs@/events?host=a:1&host=b:2&target_session_attrs=read-write")

    assert url.query["host"] == ("a:1", "b:2")


def test_an_engine_hides_the_password_and_parameters() -> None:
    engine = sync_engine(f"postgresql://cscs:{SECRET}@db/events")

    assert SECRET not in repr(engine)
    assert engine.hide_parameters


def test_a_file_that_is_not_there_is_not_made_in_passing(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"

    with pytest.raises(OutdatedStoreError, match="cscs events init"), opened(f"sqlite:///{path}"):
        pass

    assert not path.exists()


async def test_the_async_engine_makes_no_file_either(tmp_path: Path) -> None:
    engine = async_engine(f"sqlite:///{tmp_path / 'events.sqlite3'}")

    with pytest.raises(OutdatedStoreError, match="cscs events init"):
        async with engine.connect():
            pass

    assert not await asyncio.to_thread(os.listdir, tmp_path)


def test_a_new_file_is_its_owners_alone_and_so_are_its_neighbours(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    create_file(url)

    with opened(url) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]

    assert modes == [0o600] * 3


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="No such file") as refused:
        create_file(f"sqlite:///{tmp_path / 'none' / 'events.sqlite3'}")

    assert not refused.value.retryable


def test_sqlite_keeps_what_it_has_said_and_waits_for_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    create_file(url)

    with opened(url) as connection:
        names = ("journal_mode", "synchronous", "busy_timeout")
        settings = [connection.scalar(text(f"PRAGMA {name}")) for name in names]

    assert settings == ["wal", 2, 30_000]


def test_a_writer_on_sqlite_has_the_lock_from_the_beginning(tmp_path: Path) -> None:
    """Else a transaction that reads first could never write after another has written."""
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    create_file(url)
    engine = sync_engine(url)

    with writing(engine).begin(), engine.connect() as other:
        other.execute(text("PRAGMA busy_timeout=0"))
        with pytest.raises(Exception, match="locked"):
            other.execute(text("CREATE TABLE t (n INTEGER)"))

    engine.dispose()


def test_ddl_on_sqlite_is_taken_back_with_its_transaction(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    create_file(url)

    with suppress(ZeroDivisionError), opened(url) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        raise ZeroDivisionError

    with opened(url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master")) == 0


async def test_postgresql_is_told_who_we_are_and_to_speak_utc(tmp_path: Path) -> None:
    with postgresql(tmp_path) as url:
        engine = async_engine(f"{url}%20-c%20statement_timeout%3D7s")
        async with seeing_one_moment(engine).connect() as connection:
            names = ("application_name", "timezone", "statement_timeout", "transaction_isolation")
            settings = [await connection.scalar(text(f"SHOW {name}")) for name in names]
        await engine.dispose()

    assert settings == ["cscs-domain", "UTC", "7s", "repeatable read"]


def test_a_server_that_is_away_is_a_sentence_without_its_password() -> None:
    url = f"postgresql://cscs:{SECRET}@127.0.0.1:1/events"

    with pytest.raises(StoreUnavailableError) as refused, opened(url):
        pass

    assert SECRET not in str(refused.value)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 1000)

    with pytest.raises(StoreUnavailableError), opened(f"sqlite:///{path}"):
        pass
