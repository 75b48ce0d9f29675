"""Putting events without a person's data in the place of those with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Text, bindparam, cast, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import ErasedEvent, EventKey, LinkedEvent
from cscs_sql.column_types import JsonText
from cscs_sql.correcting import parts_of, put_links, touch
from cscs_sql.event_rows import CONTENT, JSON_COLUMNS, event_record, json_text
from cscs_sql.link_rows import KEY
from cscs_sql.schema import corrections, events

_CONTENT: Final = tuple(name for name in CONTENT if name not in {*KEY, "received_at"})
_UPDATE: Final = (
    update(events)
    .where(
        events.c.event_id == bindparam("its_id"),
        events.c.time_window_start == bindparam("its_start"),
        events.c.revision == bindparam("its_revision"),
    )
    .values({name: bindparam(name) for name in (*_CONTENT, "erased_at")})
    .values({name: cast(bindparam(name, type_=Text), JsonText) for name in JSON_COLUMNS})
    .values(revision=events.c.revision + 1)
)
_FORGET: Final = delete(corrections).where(
    corrections.c.event_id == bindparam("its_id"),
    corrections.c.time_window_start == bindparam("its_start"),
)


async def erase(
    connection: AsyncConnection, erased: Sequence[ErasedEvent], days: SiteDays, at: datetime
) -> int:
    """Put the events in, forget what corrections remember of them, and return how many."""
    count = 0
    for part in parts_of(erased, lambda one: one.key):
        gone = [one for one in part if await _put(connection, one, at)]
        await put_links(connection, {one.key: one.link for one in gone}, at)
        if gone:
            await connection.execute(_FORGET, [_name(one.key) for one in gone])
        await touch(connection, (one.key for one in gone), days)
        count += len(gone)
    return count


async def _put(connection: AsyncConnection, one: ErasedEvent, at: datetime) -> bool:
    """Put one event in. One statement each: the number of rows says whether it was current."""
    linked = LinkedEvent(event_id=one.key.event_id, event=one.event, link=one.link)
    record = event_record(linked)
    row = {name: record[name] for name in _CONTENT}
    row.update({name: json_text(row[name]) for name in JSON_COLUMNS if row[name] is not None})
    row.update(_name(one.key), its_revision=one.revision, erased_at=at)
    result = await connection.execute(_UPDATE, row)
    return result.rowcount == 1


def _name(key: EventKey) -> dict[str, object]:
    return {"its_id": key.event_id, "its_start": key.time_window_start}
