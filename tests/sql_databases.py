"""Fresh databases for tests: a file of SQLite, a database on the PostgreSQL of this machine.

A machine without PostgreSQL, or without the TimescaleDB that TIMESCALE_URL names, leaves the tests
out; the former is a failure where `CSCS_FAIL_ON_LEFT_OUT` says so.
"""

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from cscs_sql.administration import initialise

POSTGRESQL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
NOW: Final = datetime(2025, 11, 19, 12, tzinfo=UTC)
"""In the days of the samples."""

Fresh: TypeAlias = Callable[[Path], AbstractContextManager[str]]
"""Makes an empty database, gives its URL, and takes it away in the end."""


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a file that is not there yet."""
    yield f"sqlite:///{folder / f'events-{uuid4().hex}.sqlite3'}"


@contextmanager
def postgresql(_folder: Path) -> Iterator[str]:
    """The URL of an empty database: a schema of its own, which is made faster than a database."""
    database, schema = _database_of_this_run(), f"test_{uuid4().hex}"
    _run(database, "CREATE SCHEMA {}", schema)
    try:
        yield f"{database}?options=-csearch_path%3D{schema}"
    finally:
        # Waits no longer for somebody who has forgotten to close a transaction.
        patient = f"{database}?options=-clock_timeout%3D20s"
        _run(patient, "DROP SCHEMA {} CASCADE", schema)


@contextmanager
def timescaledb(_folder: Path) -> Iterator[str]:
    """The URL of an empty database on a server with TimescaleDB."""
    server = os.environ.get("TIMESCALE_URL")
    if not server:
        pytest.skip("TIMESCALE_URL names no PostgreSQL server with TimescaleDB")
    with _database_on(server) as url:
        yield url


BOTH: Final[tuple[Fresh, ...]] = (sqlite, postgresql)
"""The databases that any machine of ours has."""


@contextmanager
def initialised(fresh: Fresh, folder: Path, zone: tzinfo = UTC) -> Iterator[str]:
    """The URL of a database with all tables, with partitions from `NOW` on."""
    with fresh(folder) as url:
        initialise(url, zone=zone, now=NOW)
        yield url


@cache
def _database_of_this_run() -> str:
    name = f"cscs_test_{uuid4().hex}"
    _run(POSTGRESQL, "CREATE DATABASE {}", name)
    atexit.register(_run, POSTGRESQL, "DROP DATABASE {} WITH (FORCE)", name)
    return f"{POSTGRESQL.rpartition('/')[0]}/{name}"


@contextmanager
def _database_on(server: str) -> Iterator[str]:
    name = f"cscs_test_{uuid4().hex}"
    _run(server, "CREATE DATABASE {}", name)
    base, _, parameters = server.partition("?")
    url = f"{base.rpartition('/')[0]}/{name}"
    try:
        yield f"{url}?{parameters}" if parameters else url
    finally:
        _run(server, "DROP DATABASE {} WITH (FORCE)", name)


def _run(server: str, statement: str, name: str) -> None:
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        pytest.skip("PostgreSQL cannot be reached at the address for tests")
    with connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
