"""`python -m bench.events_year [--events 10000000]`: sums of one project over a year of events.

Not a part of `make bench`: ten million events take a quarter of an hour and some 12 GB of disk in
PostgreSQL. Events are made inside the database, a month at a time; then sums are computed as the
server would, and read.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from bench.events import fresh_store
from cscs_domain.events.stored import SumsQuery, UsageScope
from cscs_domain.usage.months import Month, months_between
from cscs_sql.administration import rebuild
from cscs_sql.database_urls import async_engine
from cscs_sql.opening import opened
from cscs_sql.partitions import ensure_months
from cscs_sql.usage_event_store import SqlUsageEventStore

_ZONE: Final = ZoneInfo("Europe/Zurich")
_FIRST: Final = date(2025, 1, 1)
_DAYS: Final = 365
_PROJECTS: Final = 1_000
_USERS_A_PROJECT: Final = 5
_READS: Final = 50
_BAR_MS: Final = 100

_EVENTS: Final = """
INSERT INTO resource_usage_events (
    event_id, time_window_start, time_window_end, collected_at, received_at, schema_version,
    source, project_slug, is_personal, cpu_time_seconds, gpu_time_seconds, ram_bytes_allocated,
    vcpus_allocated, walltime_allocated, walltime_used, measure, held_seconds, identities, context,
    extra)
SELECT md5(n::text)::uuid, day, day + interval '1 day', day + interval '25 hours', now(), '1.0',
    'pbs', 'g' || n %% %(projects)s, false, n %% 86400 * 8, n %% 3600, 8589934592,
    8, 172800, n %% 86400, 'delta', n %% 86400,
    jsonb_build_array(jsonb_build_object('scheme', 'perun_username', 'value', 'user' || n %% 5000)),
    jsonb_build_object('project', 'g' || n %% %(projects)s, 'jobname', 'alps_lam', 'queue', 'q_1w'),
    jsonb_build_object('event_id', md5(n::text)::uuid, 'job_id', n || '.pbs1.example.org',
                       'run', 1, 'measure', 'delta')
FROM generate_series(%(first)s::bigint, %(last)s) AS n,
    LATERAL (SELECT %(begin)s::timestamptz + n %% %(days)s * interval '1 day' AS day) AS days
"""

_LINKS: Final = """
INSERT INTO resource_usage_event_links (
    event_id, time_window_start, user_id, project_id, allocation_id, user_match_scheme,
    project_match_strategy, allocation_match_strategy, gaps, state, sought_project,
    resolver_version, resolved_at, is_manual, created_at, updated_at)
SELECT md5(n::text)::uuid, %(begin)s::timestamptz + n %% %(days)s * interval '1 day',
    'u' || n %% %(projects)s || '-' || n / %(projects)s %% %(users)s,
    'p' || n %% %(projects)s, 'a' || n %% %(projects)s, 'perun_username',
    'slug_match', 'project_allocation_latest', '', 'resolved', 'g' || n %% %(projects)s,
    1, now(), false, now(), now()
FROM generate_series(%(first)s::bigint, %(last)s) AS n
"""


def main() -> None:
    """Make the events, compute the sums, read them."""
    parser = argparse.ArgumentParser(prog="python -m bench.events_year", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    events = parser.parse_args().events
    with fresh_store("postgresql") as url:
        _fill(url, events)
        asyncio.run(_measure(url))
        _explain(url)


def _fill(url: str, events: int) -> None:
    began, made = time.perf_counter(), 0
    with opened(url) as admin:
        ensure_months(admin, months_between(Month(2024, 12), Month(2025, 12)))
    with psycopg.connect(url, autocommit=True) as connection:
        for month in range(12):
            begin = datetime(2024, 12, 31, 23, tzinfo=UTC) + timedelta(days=_DAYS * month // 12)
            days = _DAYS * (month + 1) // 12 - _DAYS * month // 12
            last = events * (month + 1) // 12
            values = {
                "first": made,
                "last": last - 1,
                "begin": begin,
                "days": days,
                "projects": _PROJECTS,
                "users": _USERS_A_PROJECT,
            }
            for statement in (_EVENTS, _LINKS):
                connection.execute(statement, values)
            made = last
            print(f"{made:>10} events after {time.perf_counter() - began:.0f} s", flush=True)
        connection.execute("ANALYZE")
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        print(f"database: {size[0] / 1e9:.1f} GB" if size else "")


async def _measure(url: str) -> None:
    rebuild(url, _ZONE)
    store = SqlUsageEventStore(async_engine(url, pool_size=2), zone=_ZONE)
    try:
        began = time.perf_counter()
        days = await store.refresh()
        print(f"sums of {days} days computed in {time.perf_counter() - began:.1f} s")
        await _read(store)
    finally:
        await store.close()


async def _read(store: SqlUsageEventStore) -> None:
    times, found = [], 0
    for number in range(_READS):
        query = SumsQuery(
            scope=UsageScope.PROJECT,
            id=f"p{number * 19 % _PROJECTS}",
            first=_FIRST,
            last=_FIRST + timedelta(days=_DAYS - 1),
        )
        began = time.perf_counter()
        found = len(await store.daily_sums(query))
        times.append((time.perf_counter() - began) * 1000)
    median, most = statistics.median(times), max(times)
    verdict = "ok" if most <= _BAR_MS else "MISSED"
    print(
        f"one project, {_DAYS} days ({found} with events): {median:.1f} ms median,"
        f" {most:.1f} ms at the most of {_READS} (bar {_BAR_MS} ms) {verdict}"
    )


def _explain(url: str) -> None:
    with psycopg.connect(url) as connection:
        plan = connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS) SELECT day, sum(cpu_seconds) FROM resource_usage_summaries"
            " WHERE project_id = 'p7' AND day BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY day"
        )
        print("\n".join(row[0] for row in plan))


if __name__ == "__main__":
    main()
