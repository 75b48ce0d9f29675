"""Finding events with their links, page by page in the order of keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    Uuid,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.links import LinkState
from cscs_domain.events.persons import folded, is_about
from cscs_domain.events.stored import EventFilter, EventKey, Person, StoredEvent
from cscs_sql.column_types import Moment
from cscs_sql.event_rows import EventRow, event_columns, event_of
from cscs_sql.link_rows import link_columns, link_of
from cscs_sql.schema import events, links

SAME_EVENT: Final = (events.c.event_id == links.c.event_id) & (
    events.c.time_window_start == links.c.time_window_start
)
_STORED: Final = select(
    *event_columns(), events.c.revision, events.c.erased_at, *link_columns()
).select_from(events.join(links, SAME_EVENT))
_UNSURE: Final = re.compile("[^a-hjl-z0-9.@+-]+")
"""What may look otherwise in JSON, or before it is lower-cased: two letters beyond ASCII become
`k` and `i` with a dot.
"""


async def find_page(
    connection: AsyncConnection, wanted: EventFilter, after: EventKey | None, limit: int
) -> list[StoredEvent]:
    """The next events that are wanted; fewer than the limit mean the end.

    Names of persons are compared here, since no database lower-cases as Python does. It gives
    candidates, and more of them until the page is full.
    """
    found: list[StoredEvent] = []
    while len(found) < limit:
        rows = await connection.execute(_page(wanted, connection.dialect.name, after, limit))
        candidates = [stored_of(row) for row in rows]
        found.extend(stored for stored in candidates if _is_wanted(stored, wanted.person))
        if len(candidates) < limit:
            break
        after = candidates[-1].key
    return found[:limit]


async def find_events(connection: AsyncConnection, event_id: UUID) -> list[StoredEvent]:
    """Every event of the id, oldest window first."""
    wanted = _STORED.where(events.c.event_id == event_id).order_by(events.c.time_window_start)
    return [stored_of(row) for row in await connection.execute(wanted)]


async def find_all(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[EventKey, StoredEvent]:
    """Every event of these ids."""
    rows = await connection.execute(_STORED.where(events.c.event_id.in_(sorted(ids))))
    return {stored.key: stored for stored in map(stored_of, rows)}


def stored_of(row: Row[*tuple[Any, ...]]) -> StoredEvent:
    """What a row of the joined tables holds."""
    its = cast(EventRow, row)
    return StoredEvent(
        event_id=its.event_id,
        event=event_of(its),
        link=link_of(its),
        revision=its.revision,
        is_erased=its.erased_at is not None,
    )


def _page(wanted: EventFilter, dialect: str, after: EventKey | None, limit: int) -> Select[Any]:
    about_link = _about_link(wanted)
    # The order of the table in which the search begins, so that an index gives it.
    its = links.c if about_link else events.c
    order = (its.time_window_start, its.event_id)
    conditions = [*about_link, *within(its.time_window_start, wanted.start, wanted.end)]
    if wanted.source is not None:
        conditions.append(events.c.source == wanted.source)
    if after is not None:
        conditions.append(tuple_(*order) > _literal(after))
    if wanted.person is not None:
        conditions.append(_may_be_about(wanted.person, dialect))
    return _STORED.where(*conditions).order_by(*order).limit(limit)


def within(
    column: ColumnElement[Any], start: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    """That a time is in a half-open window, of which either end may be open."""
    bounds = []
    if start is not None:
        bounds.append(column >= start)
    if end is not None:
        bounds.append(column < end)
    return bounds


def _about_link(wanted: EventFilter) -> list[ColumnElement[bool]]:
    ids = {
        links.c.user_id: wanted.user,
        links.c.project_id: wanted.project,
        links.c.allocation_id: wanted.allocation,
    }
    conditions = [column == value for column, value in ids.items() if value is not None]
    if wanted.only_unresolved:
        # The index holds links with gaps; a link made by hand is resolved whatever it lacks.
        conditions += [links.c.gaps != "", links.c.state != LinkState.RESOLVED.value]
    return conditions


def _literal(key: EventKey) -> ColumnElement[Any]:
    return tuple_(literal(key.time_window_start, Moment), literal(key.event_id, Uuid))


def _may_be_about(person: Person, dialect: str) -> ColumnElement[bool]:
    """Holds for every event about the person, and for some others."""
    text: ColumnElement[str] = sql_cast(events.c.identities, Text)
    if dialect == "postgresql":
        # Other collations lower-case `I` as Turkish does.
        text = text.collate("C")
    folded_text = func.lower(text)
    named = [folded_text.like(_pattern(value)) for value in folded(person).identities]
    linked = [] if person.user is None else [links.c.user_id == person.user]
    return or_(false(), *linked, *named)


def _pattern(value: str) -> str:
    return f"%{_UNSURE.sub('%', value)}%"


def _is_wanted(stored: StoredEvent, person: Person | None) -> bool:
    return person is None or is_about(stored, person)
