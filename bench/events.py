"""Usage events through the HTTP API into the store: DESIGN section 8, last row.

The server, the client and (for PostgreSQL) the database have processes of their own. The same
batches are then stored without HTTP by as many tasks: what the API may cost is half of that.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import attrs
import psycopg

from bench.events_load import A_BATCH, KEY, PROJECTS, USERS, batches, directory, send_for
from bench.processes import server
from cscs_domain.events.batches import parse_batch
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.directory_wire import directory_to_wire
from cscs_domain.events.event import DEFAULT_SOURCES
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.linking import link
from cscs_domain.events.stored import LinkedEvent
from cscs_json import decode_strictly, encode
from cscs_sql.administration import initialise
from cscs_sql.database_urls import async_engine
from cscs_sql.directory_loading import load_directory
from cscs_sql.usage_event_store import SqlUsageEventStore

CONNECTIONS: Final = 8
_SECONDS: Final = 8
_ZONE: Final = "Europe/Zurich"
_ADMIN: Final = os.environ.get("CSCS_BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/")


@attrs.frozen
class Case:
    """A database, what events are linked to, and the events a second that are asked for."""

    database: str
    directory: str
    bar: int


CASES: Final = (
    Case("postgresql", "none", 10_000),
    Case("postgresql", "sql", 5_000),
    Case("postgresql", "file", 5_000),
    Case("sqlite", "none", 8_000),
    Case("sqlite", "sql", 5_000),
    Case("sqlite", "file", 5_000),
)


def report(_sizes: tuple[int, ...]) -> None:
    """Measure and print a table."""
    print(
        f"Usage events through HTTP, batches of {A_BATCH}, {CONNECTIONS} connections;"
        f" links against {USERS} users and {PROJECTS} projects, or none"
    )
    print(f"{'database':<12}{'directory':<11}{'events/s':>9}{'bar':>8}        {'without HTTP':>12}")
    for database in ("postgresql", "sqlite"):
        alone = 0.0
        for case in (one for one in CASES if one.database == database):
            with fresh_store(database) as url:
                through = _through_http(case, url)
            if case.directory == "none":
                with fresh_store(database) as url:
                    alone = asyncio.run(_without_http(url))
            print(_line(case, through, alone), flush=True)


def _line(case: Case, through: float, alone: float) -> str:
    verdict = "ok" if through >= case.bar else "MISSED"
    line = f"{case.database:<12}{case.directory:<11}{through:>9.0f}{case.bar:>8} {verdict:<7}"
    if case.directory == "none":
        share = through / alone
        line += f"{alone:>12.0f}  {share:.0%} (bar 50%) {'ok' if share >= 0.5 else 'MISSED'}"
    return line


@contextmanager
def fresh_store(database: str) -> Iterator[str]:
    """The URL of an empty store, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            url = f"sqlite:///{folder}/events.sqlite3"
            _initialise(url)
            yield url
            return
        name = f"cscs_bench_{uuid4().hex[:12]}"
        with psycopg.connect(_ADMIN, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
            try:
                url = f"{_ADMIN.rstrip('/')}/{name}"
                _initialise(url)
                yield url
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _initialise(url: str) -> None:
    initialise(url, zone=ZoneInfo(_ZONE), now=datetime(2025, 11, 20, tzinfo=UTC))


def _through_http(case: Case, url: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yaml")
        config.write_text(f"site_timezone: {_ZONE}\n")
        variables = {
            "DATABASE_URL": url,
            "COLLECTOR_API_KEY": KEY,
            "DISABLE_AUTH": "true",
            **_directory(case, url, Path(folder, "directory.json")),
        }
        with server(config, **variables) as running:
            send_for(running.url, 1, 1)  # a warm-up: the directory is read
            return send_for(running.url, _SECONDS, CONNECTIONS)


def _directory(case: Case, url: str, file: Path) -> dict[str, str]:
    if case.directory == "sql":
        load_directory(url, directory())
        return {"CSCS_ADAPTERS__DIRECTORY": "sql"}
    if case.directory == "file":
        file.write_bytes(encode(directory_to_wire(directory())))
        return {"CSCS_ADAPTERS__DIRECTORY__PATH": str(file)}
    return {}


async def _without_http(url: str) -> float:
    """Events a second by as many tasks that store batches which are ready."""
    ready = [
        _ready(body)
        for number in range(CONNECTIONS)
        for body in islice(batches(number * 10**6), 60)
    ]
    async with _store(url) as store:
        began = time.perf_counter()
        await asyncio.gather(
            *(_store_all(store, ready[number::CONNECTIONS]) for number in range(CONNECTIONS))
        )
        return len(ready) * A_BATCH / (time.perf_counter() - began)


def _ready(body: bytes) -> list[LinkedEvent]:
    batch = parse_batch(decode_strictly(body), sources=DEFAULT_SOURCES, most_events=A_BATCH)
    nobody = KnownDirectory()
    return [
        LinkedEvent(event_id=event_id_of(event), event=event, link=link(event, nobody))
        for _, event in batch.events
    ]


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[SqlUsageEventStore]:
    store = SqlUsageEventStore(async_engine(url, pool_size=CONNECTIONS), zone=ZoneInfo(_ZONE))
    try:
        yield store
    finally:
        await store.close()


async def _store_all(store: SqlUsageEventStore, batches_: list[list[LinkedEvent]]) -> None:
    for batch in batches_:
        await store.store(batch, at=datetime.now(UTC))
