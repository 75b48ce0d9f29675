"""Rows for tests of the database as a whole, where no store is needed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, insert, select

from cscs_sql.backup_format import BACKUP_TABLES
from cscs_sql.json_columns import insertion, selected
from cscs_sql.partitions import ensure_months, months_of
from cscs_sql.schema import (
    corrections,
    directory_users,
    events,
    links,
    receipts,
    summaries,
    touched_days,
)

FIRST: Final = datetime(2025, 10, 31, 23, 30, tzinfo=UTC)
"""Of the next day, and month, in Zurich."""
HOUR: Final = timedelta(hours=1)
CONTEXT: Final = '{"jobname": "wärme \\"x\\"", "n": [1, 2.50, null, 12345678901234567890]}'
HUGE: Final = 10**40 + 1

EVENT: Final[dict[str, object]] = {
    "time_window_end": FIRST + 400 * 24 * HOUR,
    "collected_at": FIRST,
    "received_at": FIRST + timedelta(microseconds=1),
    "schema_version": "1.0",
    "source": "pbs",
    "project_slug": "climate",
    "is_personal": False,
    "cpu_time_seconds": 2**63 - 1,
    "gpu_time_seconds": None,
    "measure": "delta",
    "held_seconds": 3600,
    "identities": '[{"scheme": "user_email", "value": "a@b.ch"}]',
    "context": CONTEXT,
    "extra": None,
}


def put_events(connection: Connection, starts: list[datetime]) -> None:
    """One event a start, numbered, with partitions where they are needed."""
    ensure_months(connection, months_of(starts))
    columns = [events.c[name] for name in ("event_id", "time_window_start", *EVENT)]
    rows = [
        {**EVENT, "event_id": UUID(int=number), "time_window_start": start}
        for number, start in enumerate(starts)
    ]
    connection.execute(insertion(events, columns), rows)


def fill(connection: Connection, count: int = 3) -> None:
    """Something in every table."""
    put_events(connection, [FIRST + number * HOUR for number in range(count)])
    key = {"event_id": UUID(int=0), "time_window_start": FIRST}
    link = {
        **key,
        "user_id": "7",
        "gaps": "no_project_name",
        "state": "partial",
        "resolver_version": 1,
        "resolved_at": FIRST,
        "is_manual": True,
        "created_at": FIRST,
        "updated_at": FIRST,
    }
    connection.execute(insert(links), [link])
    correction = {
        **key,
        "corrected_by": "ada",
        "corrected_at": FIRST,
        "reason": "wrong",
        "before": '{"user": null}',
        "after": '{"user": "7"}',
    }
    names = [corrections.c[name] for name in correction]
    connection.execute(insertion(corrections, names), [correction, {**correction, "reason": None}])
    sums = dict.fromkeys(("gpu_seconds", "walltime_seconds", "storage_byte_seconds"), 0)
    day = {"day": date(2025, 11, 1), "source": "pbs", "user_id": "7", "project_id": ""}
    counts = {"allocation_id": "", "events": 3, "not_summed": 0, "cpu_seconds": 1}
    connection.execute(insert(summaries), [{**day, **counts, **sums, "ram_byte_seconds": HUGE}])
    connection.execute(insert(touched_days), [{"day": date(2025, 11, 1)}])
    receipt = {"sender": "a", "key": "k", "digest": "d", "received_at": FIRST}
    outcome = {"stored": 3, "duplicates": 0, "replaced": 0}
    connection.execute(insert(receipts), [{**receipt, **outcome}])
    connection.execute(insert(directory_users), [{"id": "7", "email": "A@b.ch"}])


def content(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Everything in all tables but numbers that count up; JSON decoded, in any order of keys."""
    return {
        table.name: [
            tuple(_plain(value) for value in row)
            for row in connection.execute(
                select(*map(selected, table.columns)).order_by(*table.table.primary_key)
            )
        ]
        for table in BACKUP_TABLES
    }


def _plain(value: object) -> object:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return json.loads(value, parse_float=Decimal)
    return value
