"""Where the store is: `sqlite:///file` or `postgresql://...`, checked and opened with our settings.

A URL may hold a password, so none of these sentences quotes one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from cscs_domain._text import label
from cscs_domain.errors import InvalidValueError, OutdatedStoreError
from cscs_sql.remedies import INITIALISE

POOL_SIZE: Final = 5
"""Connections of one process, unless it says otherwise."""

_FORMS: Final = (
    "write sqlite:///relative.sqlite3, sqlite:////absolute.sqlite3"
    " or postgresql://user@host/database"
)
_POSTGRESQL_NAMES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_BUSY_SECONDS: Final = 30
_LOCK_SECONDS: Final = 20
"""How long a server waits for somebody's lock in PostgreSQL: its clients send their batch again."""
_OPERATOR_LOCK_SECONDS: Final = 600
"""The same of commands that work on the store as a whole, and wait for each other."""
_DEFAULTS: Final = {
    "application_name": "cscs-domain",
    "connect_timeout": "10",
    # A server that is gone without a word is noticed within a minute, and not after hours.
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Parameters of connections to PostgreSQL unless the URL has them: seconds, the last milliseconds.
"""
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_BEGIN: Final = "cscs_begin"


def parsed(text: str) -> URL:
    """The URL with the plain name of its dialect. Raises `InvalidValueError`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _refused("is no URL") from None
    if url.drivername in _POSTGRESQL_NAMES:
        return _postgresql(url)
    if url.drivername == "sqlite":
        return _sqlite(url)
    if url.drivername.startswith("timescale"):
        raise _refused("is written postgresql://...; TimescaleDB is found by itself")
    raise _refused(f"has the unknown scheme {label(url.drivername)}")


def describe(text: str) -> str:
    """Where that is, without the password and without parameters."""
    url = parsed(text)
    if url.drivername == "sqlite":
        return f"sqlite:///{url.database}"
    where = f"{url.host or 'the local socket'}:{url.port or 5432}/{url.database}"
    return f"postgresql://{f'{url.username}@' if url.username else ''}{where}"


def sync_engine(text: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for migrations and commands. Nothing is connected yet."""
    url = parsed(text)
    engine = create_engine(
        _with_driver(url, "pysqlite"), **_options(url, pool_size, _OPERATOR_LOCK_SECONDS)
    )
    return _prepared(engine)


def async_engine(text: str, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """An engine for the store. Nothing is connected yet."""
    url = parsed(text)
    engine = create_async_engine(
        _with_driver(url, "aiosqlite"), **_options(url, pool_size, _LOCK_SECONDS)
    )
    _prepared(engine.sync_engine)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine and pool; its transactions on SQLite take the writer's lock at once.

    A transaction that reads first and writes later fails on SQLite if another wrote in between,
    however long it may wait.
    """
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def writing_async(engine: AsyncEngine) -> AsyncEngine:
    """As `writing`."""
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def seeing_one_moment(engine: AsyncEngine) -> AsyncEngine:
    """The same engine and pool; all statements of a transaction see the same data."""
    return engine.execution_options(**_one_moment(engine.sync_engine))


def reading(engine: Engine) -> Engine:
    """The same engine and pool; transactions see one moment and cannot write."""
    return engine.execution_options(**_one_moment(engine), postgresql_readonly=True)


def _one_moment(engine: Engine) -> dict[str, Any]:
    # On SQLite that is so anyway.
    return {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}


def _refused(reason: str) -> InvalidValueError:
    return InvalidValueError("database_url", "(not shown)", f"{reason}; {_FORMS}")


def _postgresql(url: URL) -> URL:
    if not url.database:
        raise _refused("names no database: postgresql://user@host/database")
    dialect = _with_driver(url.set(drivername="postgresql"), "").get_dialect()()
    try:
        make_conninfo(**dialect.create_connect_args(url)[1])
    except (ArgumentError, ProgrammingError):
        # Its text quotes what may be part of a password.
        raise _refused("has parameters that PostgreSQL does not know") from None
    return url.set(drivername="postgresql")


def _sqlite(url: URL) -> URL:
    if url.host or url.username or url.password or url.port:
        raise _refused("has two slashes too few for a file, or too many")
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise _refused("names no file, and a database in memory would be lost")
    if url.query:
        raise _refused("has parameters, which SQLite files do not take here")
    return url


def _with_driver(url: URL, sqlite_driver: str) -> URL:
    driver = sqlite_driver if url.drivername == "sqlite" else "psycopg"
    return url.set(drivername=f"{url.drivername}+{driver}")


def _options(url: URL, pool_size: int, lock_seconds: int) -> dict[str, Any]:
    # Pool and overflow together are what the operator has configured, not more.
    # Errors with parameters would quote the events that a statement was about.
    common: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "hide_parameters": True}
    if url.drivername == "sqlite":
        return {**common, "connect_args": {"timeout": _BUSY_SECONDS}}
    # Our options come after the URL's, so theirs must be repeated here.
    theirs = url.normalized_query.get("options", ())
    options = " ".join((f"-c lock_timeout={lock_seconds}s", *theirs, "-c timezone=UTC"))
    absent = {name: value for name, value in _DEFAULTS.items() if name not in url.query}
    return {
        **common,
        "pool_pre_ping": True,
        # Whatever a database or role is set to: what is read after a lock is as it is then.
        "isolation_level": "READ COMMITTED",
        "connect_args": {**absent, "options": options},
    }


def _prepared(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _refuse_missing_file)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _refuse_missing_file(
    _dialect: Dialect, _entry: ConnectionPoolEntry, arguments: list[Any], _named: dict[str, Any]
) -> None:
    # SQLite would make an empty file that everybody may read.
    if not Path(arguments[0]).exists():
        raise OutdatedStoreError(f"there is no file {label(arguments[0])}", INITIALISE)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions only before some statements, and none before DDL.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # What was answered as stored survives a loss of power.
    cursor.execute("PRAGMA synchronous=FULL")
    # Large batches stay in memory until they are committed (KiB), and pages that batches have in
    # common are copied from the log into the file once for many (of 4 KiB each).
    cursor.execute("PRAGMA cache_size=-16384")
    cursor.execute("PRAGMA wal_autocheckpoint=4000")
    cursor.close()


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # What was answered as stored survives a loss of power, whatever a database or role is set to.
    cursor = connection.cursor()
    cursor.execute(_DURABLE)
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
