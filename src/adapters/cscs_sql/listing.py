"""Finding events with their links, page by page in the order of keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.persons import is_about
from cscs_domain.events.stored import MOST_A_PAGE, EventFilter, EventKey, Person, StoredEvent
from cscs_sql.event_rows import EventRow, event_of
from cscs_sql.key_lists import is_listed, key_list
from cscs_sql.link_rows import link_of
from cscs_sql.page_statements import Search, stored_from, walk_by_index
from cscs_sql.schema import events

_PIECE: Final = 5000
"""Rows through which a person's names are sought at once."""


async def find_page(
    connection: AsyncConnection, wanted: EventFilter, after: EventKey | None, limit: int
) -> list[StoredEvent]:
    """The next events that are wanted; fewer than the limit mean the end."""
    await walk_by_index(connection)
    search = Search.of(wanted, connection.dialect.name)
    if search.person is not None:
        return await _find_about(connection, search, search.person, after, limit)
    return [stored_of(row) for row in await connection.execute(search.page(after, limit))]


async def find_events(connection: AsyncConnection, event_id: UUID) -> list[StoredEvent]:
    """The events of the id, oldest window first."""
    found = stored_from(events, connection.dialect.name).where(events.c.event_id == event_id)
    wanted = found.order_by(events.c.time_window_start).limit(MOST_A_PAGE)
    return [stored_of(row) for row in await connection.execute(wanted)]


async def find_all(
    connection: AsyncConnection, keys: Iterable[EventKey]
) -> dict[EventKey, StoredEvent]:
    """The events with these keys."""
    dialect = connection.dialect.name
    wanted = stored_from(events, dialect).where(is_listed(events, dialect))
    rows = await connection.execute(wanted, {"keys": key_list(keys, dialect)})
    return {stored.key: stored for stored in map(stored_of, rows)}


def stored_of(row: Row[*tuple[Any, ...]]) -> StoredEvent:
    """What a row of both tables holds."""
    its = cast(EventRow, row)
    return StoredEvent(
        event_id=its.event_id,
        event=event_of(its),
        link=link_of(its),
        revision=its.revision,
        is_erased=its.erased_at is not None,
    )


async def _find_about(
    connection: AsyncConnection,
    search: Search,
    person: Person,
    after: EventKey | None,
    limit: int,
) -> list[StoredEvent]:
    """Go through everything, piece by piece, until the page is full.

    Names are compared here, since no database lower-cases as Python does; it gives candidates.
    """
    found: list[StoredEvent] = []
    end = await _end_of_piece(connection, search, after)
    while len(found) < limit:
        rows = await connection.execute(search.page(after, limit, until=end))
        candidates = [stored_of(row) for row in rows]
        found.extend(stored for stored in candidates if is_about(stored, person))
        if len(candidates) == limit:
            after = candidates[-1].key
        elif end is None:
            break
        else:
            after = end
            end = await _end_of_piece(connection, search, end)
    return found[:limit]


async def _end_of_piece(
    connection: AsyncConnection, search: Search, after: EventKey | None
) -> EventKey | None:
    """The last key of the next piece; None if that is the last."""
    row = (await connection.execute(search.key_ahead(after, _PIECE))).one_or_none()
    return None if row is None else EventKey(row.time_window_start, row.event_id)
