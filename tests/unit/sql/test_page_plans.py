"""How databases find a page: by an index that has its order, without reading much besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_domain.events.event_walk import chunks_of
from cscs_domain.events.stored import EventFilter, EventKey, Person
from cscs_sql.database_urls import async_engine
from cscs_sql.opening import opened
from cscs_sql.partitions import ensure_months, months_of
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.events_site import at
from tests.sql_databases import initialised, postgresql, sqlite
from tests.unit.sql.store_site import opened_store

pytestmark = pytest.mark.anyio

Sent: TypeAlias = list[tuple[str, Any]]
"""Statements with their parameters."""

EVENTS: Final = 50_000
LIMIT: Final = 100
FIRST: Final = at("2025-09-01T00:00Z")
MINUTES: Final = 2
LAST: Final = FIRST + timedelta(minutes=MINUTES * EVENTS)
MIDDLE: Final = EventKey(FIRST + timedelta(minutes=MINUTES * EVENTS // 2), UUID(int=EVENTS // 2))

FILL: Final = f"""
    INSERT INTO resource_usage_events (event_id, time_window_start, time_window_end, collected_at,
      received_at, schema_version, source, is_personal, cpu_time_seconds, measure, held_seconds,
      identities, context)
    SELECT lpad(to_hex(n), 32, '0')::uuid, begins, begins + interval '1 hour', begins, begins,
      '1.0', CASE WHEN n % 4 = 0 THEN 'openstack' ELSE 'pbs' END, false, 1, 'delta', 0,
      jsonb_build_array(jsonb_build_object('scheme', 'user_email', 'value', n % 2 || '@x.ch')),
      '{{}}'
    FROM generate_series(1, {EVENTS}) n,
      LATERAL (SELECT '{FIRST}'::timestamptz + n * interval '{MINUTES} minutes') AS t(begins);
    INSERT INTO resource_usage_event_links (event_id, time_window_start, user_id, project_id,
      allocation_id, gaps, state, resolver_version, resolved_at, is_manual, created_at, updated_at)
    SELECT event_id, time_window_start, 'u' || n % 2, CASE WHEN n % 2 = 0 THEN 'large'
      ELSE 'p' || n % 999 END, 'a' || n % 3, CASE WHEN n % 50 = 0 THEN 'unknown_user' ELSE '' END,
      CASE WHEN n % 50 = 0 THEN 'unresolved' ELSE 'resolved' END, 1, received_at, false,
      received_at, received_at
    FROM resource_usage_events, LATERAL (SELECT ('x' || right(event_id::text, 7))::bit(28)::int)
      AS t(n)
"""

FILTERS: Final[Mapping[str, EventFilter]] = {
    "nothing": EventFilter(),
    "source": EventFilter(source="pbs"),
    "project": EventFilter(project="large"),
    "project_and_source": EventFilter(project="large", source="openstack"),
    "user": EventFilter(user="u1"),
    "allocation": EventFilter(allocation="a1"),
    "window": EventFilter(start=FIRST + timedelta(days=20), end=LAST),
    "unresolved": EventFilter(only_unresolved=True),
    "unresolved_and_source": EventFilter(only_unresolved=True, source="openstack"),
    "user_of_a_person": EventFilter(person=Person(user="u1")),
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database on PostgreSQL with many events: half of them of one project."""
    with initialised(postgresql, tmp_path_factory.mktemp("plans")) as url:
        with opened(url) as connection:
            months = (FIRST + timedelta(days=days) for days in range(0, (LAST - FIRST).days + 1, 5))
            ensure_months(connection, months_of(months))
            for statement in FILL.split(";"):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            connection.exec_driver_sql("ANALYZE resource_usage_events")
            connection.exec_driver_sql("ANALYZE resource_usage_event_links")
        yield url


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("after", [None, MIDDLE], ids=["first_page", "later_page"])
async def test_a_page_reads_little_more_than_it_gives(
    full: str, name: str, after: EventKey | None
) -> None:
    sent: Sent = []
    async with opened_store(full, lambda engine: noting(engine, sent)) as store:
        page = await store.page(FILTERS[name], after=after, limit=LIMIT)
        nodes = await plan_of(full, *sent)

    assert len(page) == LIMIT
    assert not {"Sort", "Hash Join", "Gather"} & {node["Node Type"] for node in nodes}
    assert [node for node in nodes if node["Node Type"] == "Seq Scan" and read(node)] == []
    assert sum(map(read, nodes)) < 7 * LIMIT


async def test_later_pages_of_a_walk_are_planned_like_the_first(full: str) -> None:
    """PostgreSQL would take one plan for all projects from the tenth page on."""
    engines: list[AsyncEngine] = []
    async with opened_store(full, engines.append) as store:
        after = None
        for _ in range(12):
            page = await store.page(FILTERS["project"], after=after, limit=LIMIT)
            after = page[-1].key
        async with engines[0].connect() as connection:
            asked = "SELECT sum({}) FROM pg_prepared_statements WHERE statement LIKE '%LATERAL%'"
            own, shared = [
                await connection.scalar(text(asked.format(kind)))
                for kind in ("custom_plans", "generic_plans")
            ]

    assert own > 0
    assert shared == 0


async def test_a_walk_for_a_person_reads_everything_once(full: str) -> None:
    """Of a person with every second event, though each page begins a search of its own."""
    sent: Sent = []
    wanted = EventFilter(person=Person(identities=frozenset({"1@X.ch"})))
    async with opened_store(full, lambda engine: noting(engine, sent)) as store:
        found = sum([len(chunk) async for chunk in chunks_of(store, wanted, size=1000)])
        (settings, *_) = sent
        pages = [one for one in sent if "LATERAL" in one[0]]
        plans = [await plan_of(full, settings, page) for page in pages]

    in_events = [
        node for plan in plans for node in plan if "_events_" in str(node.get("Index Name"))
    ]
    assert found == EVENTS // 2
    assert sum(map(read, in_events)) < 1.1 * EVENTS


async def plan_of(url: str, *sent: tuple[str, Any]) -> list[dict[str, Any]]:
    """All parts of the plan of the last statement, as they went, in the transaction of all."""
    *before, (statement, parameters) = sent
    engine = async_engine(url)
    async with engine.connect() as connection:
        for one in before:
            await connection.exec_driver_sql(*one)
        explaining = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        plan = (await connection.exec_driver_sql(explaining, parameters)).scalar_one()
    await engine.dispose()
    return list(parts(plan[0]["Plan"]))


def parts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from parts(below)


def read(node: dict[str, Any]) -> int:
    """How many rows of a table or an index were looked at."""
    if "Scan" not in node["Node Type"]:
        return 0
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(rows * node["Actual Loops"])


def noting(engine: AsyncEngine, sent: Sent) -> None:
    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _note(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object
    ) -> None:
        sent.append((statement, parameters))


@pytest.mark.parametrize("name", FILTERS)
async def test_sqlite_finds_a_page_in_the_order_of_an_index(tmp_path: Path, name: str) -> None:
    sent: Sent = []
    with initialised(sqlite, tmp_path) as url:
        engine = async_engine(url)
        noting(engine, sent)
        store = SqlUsageEventStore(engine, zone=UTC)
        await store.page(FILTERS[name], after=MIDDLE, limit=LIMIT)
        statement, parameters = sent[-1]
        async with engine.connect() as connection:
            asked = f"EXPLAIN QUERY PLAN {statement}"
            plan = [row.detail for row in await connection.exec_driver_sql(asked, parameters)]
        await store.close()

    # Of one source, events whose windows begin at once are sorted, and no others.
    sorting = "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"
    rest = [step for step in plan if " USING INDEX " not in step]
    assert rest == ([sorting] if name == "source" else [])
