"""What a store of usage events has in its tables, read apart from our own code.

`sums_of_rows` computes once more, out of events and links, what summaries are to say.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import psycopg
from psycopg.rows import tuple_row

Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[UUID, datetime]
Group: TypeAlias = tuple[date, str, str, str, str]
"""A day, a source, a user, a project and an allocation; empty for none."""
Sums: TypeAlias = Mapping[str, int]

AMOUNTS: Final = (
    *("events", "cpu_seconds", "gpu_seconds", "walltime_seconds"),
    *("ram_byte_seconds", "storage_byte_seconds", "not_summed"),
)
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Query: TypeAlias = Callable[[str], Sequence[Row]]


@attrs.frozen
class EventTables:
    """The tables of one database, all as of one moment."""

    events: Sequence[Row]
    links: Sequence[Row]
    summaries: Sequence[Row]
    touched_days: Sequence[Row]

    def link_of(self, event: Row) -> Row:
        """The one link of an event."""
        (found,) = [link for link in self.links if key_of(link) == key_of(event)]
        return found


def read_tables(url: str) -> EventTables:
    """Read everything that there is."""
    with _querying(url) as ask:
        return EventTables(
            events=ask("SELECT * FROM resource_usage_events"),
            links=ask("SELECT * FROM resource_usage_event_links"),
            summaries=ask("SELECT * FROM resource_usage_summaries"),
            touched_days=ask("SELECT * FROM resource_usage_touched_days"),
        )


def empty_tables(url: str) -> None:
    """Leave nothing of any event, as if the store had just been made."""
    names = ("events", "event_links", "link_corrections", "summaries", "touched_days", "receipts")
    statements = [f"DELETE FROM resource_usage_{name}" for name in names]
    if url.startswith("sqlite"):
        with closing(_opened(url)) as lite:
            lite.executescript(";".join(["BEGIN IMMEDIATE", *statements, "COMMIT"]))
        return
    with psycopg.connect(url) as connection:
        connection.execute(";".join(statements).encode())


def _opened(url: str) -> sqlite3.Connection:
    path = Path(url.removeprefix("sqlite:///"))
    return sqlite3.connect(path, isolation_level=None, timeout=30)


@contextmanager
def _querying(url: str) -> Iterator[Query]:
    if url.startswith("sqlite"):
        with closing(_opened(url)) as lite:
            lite.execute("BEGIN")
            yield lambda statement: _rows(lite.execute(statement))
        return
    with psycopg.connect(url, row_factory=tuple_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield lambda statement: _rows(connection.execute(statement.encode()))


def _rows(cursor: Any) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [
        {name: _plain(name, value) for name, value in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]


_JSON: Final = frozenset({"identities", "context", "extra"})
_TIMES: Final = frozenset({"time_window_start", "time_window_end", "collected_at"})


def _plain(name: str, value: Any) -> Any:
    """The same value for either database."""
    if value is None:
        return None
    if name == "event_id":
        return UUID(str(value))
    if name in _TIMES:
        return _EPOCH + value * _MICROSECOND if isinstance(value, int) else value.astimezone(UTC)
    if name in _JSON:
        return json.loads(value) if isinstance(value, str) else value
    if name == "day":
        return date.fromisoformat(str(value))
    return int(value) if name in AMOUNTS else value


def key_of(row: Row) -> Key:
    """What an event, and its link, is known by."""
    return row["event_id"], row["time_window_start"]


# --- sums


def sums_of_rows(tables: EventTables, zone: str) -> dict[Group, Sums]:
    """What the summaries are to be, computed out of the events and their links."""
    links = {key_of(link): link for link in tables.links}
    found: defaultdict[Group, dict[str, int]] = defaultdict(lambda: dict.fromkeys(AMOUNTS, 0))
    for event in tables.events:
        link = links[key_of(event)]
        day = event["time_window_start"].astimezone(ZoneInfo(zone)).date()
        group = found[day, event["source"], *_ids(link)]
        for name, amount in _amounts(event).items():
            group[name] += amount
    return dict(found)


def summaries_of(tables: EventTables) -> dict[Group, Sums]:
    """What the summaries are."""
    found: dict[Group, Sums] = {
        (row["day"], row["source"], *_ids(row)): {name: row[name] for name in AMOUNTS}
        for row in tables.summaries
    }
    assert len(found) == len(tables.summaries)
    return found


def _ids(row: Row) -> tuple[str, str, str]:
    return row["user_id"] or "", row["project_id"] or "", row["allocation_id"] or ""


def _amounts(event: Row) -> Mapping[str, int]:
    extra = event["extra"] or {}
    if extra.get("measure") == "total":
        return {"events": 1, "not_summed": 1}
    held = _held_seconds(event)
    return {
        "events": 1,
        "cpu_seconds": event["cpu_time_seconds"],
        "gpu_seconds": event["gpu_time_seconds"] or 0,
        "walltime_seconds": event["walltime_used"] or 0,
        "ram_byte_seconds": (event["ram_bytes_allocated"] or 0) * held,
        "storage_byte_seconds": (event["storage_bytes_allocated"] or 0) * held,
    }


def _held_seconds(event: Row) -> int:
    if event["walltime_used"] is not None:
        return int(event["walltime_used"])
    if (event["extra"] or {}).get("granularity") == "project":
        return int((event["time_window_end"] - event["time_window_start"]) // _SECOND)
    return 0
