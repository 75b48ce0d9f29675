"""Rows of events and links into SQLite, many with one step of the driver.

The driver lets other threads run during each step and then waits for its turn again: with a step
a row, a busy server would store one row per turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, TypeAlias

import attrs
from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.stored import LinkedEvent
from cscs_sql.column_types import microseconds
from cscs_sql.event_rows import CONTENT, event_record, json_text
from cscs_sql.link_rows import KEY, link_record
from cscs_sql.schema import events, links
from cscs_sql.storing import GIVES_WAY, event_settings, link_settings, replaces_event

Values: TypeAlias = tuple[object, ...]
"""Of a row, as the driver takes them, in the order of its columns."""

_AT_ONCE: Final = 50
_LINK_COLUMNS: Final = tuple(column.name for column in links.columns)


@attrs.frozen
class Upsert:
    """A statement that stores one row, and one that stores many."""

    one: str
    many: str

    async def run(self, connection: AsyncConnection, rows: Sequence[Values]) -> None:
        """Store the rows, which are at least one."""
        whole = len(rows) - len(rows) % _AT_ONCE
        if whole:
            parts = (rows[first : first + _AT_ONCE] for first in range(0, whole, _AT_ONCE))
            joined = [tuple(chain.from_iterable(part)) for part in parts]
            await connection.exec_driver_sql(self.many, joined)
        if whole < len(rows):
            await connection.exec_driver_sql(self.one, [*rows[whole:]])


def _upsert(table: Table, names: Sequence[str], settle: Callable[[Insert], Insert]) -> Upsert:
    def text(count: int) -> str:
        rows = [{name: bindparam(f"{name}_{number}") for name in names} for number in range(count)]
        return str(settle(insert(table).values(rows)).compile(dialect=sqlite.dialect()))

    return Upsert(text(1), text(_AT_ONCE))


def _replace_events(rows: Insert) -> Insert:
    return rows.on_conflict_do_update(
        index_elements=KEY,
        set_=event_settings(rows.excluded),
        where=replaces_event(rows.excluded),
    )


def _replace_links(rows: Insert) -> Insert:
    return rows.on_conflict_do_update(
        index_elements=KEY, set_=link_settings(rows.excluded), where=GIVES_WAY
    )


UPSERT_EVENTS: Final = _upsert(events, CONTENT, _replace_events)
UPSERT_LINKS: Final = _upsert(links, _LINK_COLUMNS, _replace_links)


def event_values(linked: LinkedEvent, at: datetime) -> Values:
    """A row for `UPSERT_EVENTS`."""
    row = event_record(linked)
    event = linked.event
    row.update(
        event_id=linked.event_id.hex,
        time_window_start=microseconds(event.time_window_start),
        time_window_end=microseconds(event.time_window_end),
        collected_at=microseconds(event.collected_at),
        received_at=microseconds(at),
        is_personal=int(event.is_personal),
        identities=json_text(event.identities),
        context=json_text(row["context"]),
        extra=None if event.extra is None else json_text(row["extra"]),
    )
    return tuple([row[name] for name in CONTENT])


def link_values(linked: LinkedEvent, at: datetime) -> Values:
    """A row for `UPSERT_LINKS`."""
    link, now = linked.link, microseconds(at)
    row = link_record(link)
    row.update(
        event_id=linked.event_id.hex,
        time_window_start=microseconds(linked.event.time_window_start),
        is_manual=int(link.is_manual),
        corrected_at=None if link.correction is None else microseconds(link.correction.at),
        resolved_at=now,
        created_at=now,
        updated_at=now,
    )
    return tuple([row[name] for name in _LINK_COLUMNS])
