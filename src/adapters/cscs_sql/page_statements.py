"""The statements that find events with their links.

PostgreSQL expects a join over two columns to give one row, and so it would read and sort the whole
store for each page. Therefore one table is asked first, and for each row of it the other: what has
an `OFFSET`, though one of nothing, is asked by itself. SQLite does so anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Uuid,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.links import LinkState
from cscs_domain.events.persons import folded
from cscs_domain.events.stored import EventFilter, EventKey, Person
from cscs_sql.column_types import Moment
from cscs_sql.event_rows import event_columns
from cscs_sql.link_rows import link_columns
from cscs_sql.schema import events, links

SAME_EVENT: Final = (events.c.event_id == links.c.event_id) & (
    events.c.time_window_start == links.c.time_window_start
)
_COLUMNS: Final = {
    events: (*event_columns(), events.c.revision, events.c.erased_at),
    links: tuple(link_columns()),
}
_SETTINGS: Final = {"enable_sort": "off", "jit": "off", "plan_cache_mode": "force_custom_plan"}
_BY_INDEX: Final = select(*(func.set_config(*one, true()) for one in _SETTINGS.items()))
_NOTHING: Final = literal_column("0", Integer)
_UNSURE: Final = re.compile("[^a-hjl-z0-9.@+-]+")
"""What may look otherwise in JSON, or before it is lower-cased: two letters beyond ASCII become
`k` and `i` with a dot.
"""


async def walk_by_index(connection: AsyncConnection) -> None:
    """Let the statements of the transaction take the order from an index, and not sort.

    PostgreSQL sorts everything for each page where it expects few rows and finds many: it takes
    conditions for independent, and a plan for any project for one of a small project.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_BY_INDEX)


def stored_from(first: Table, dialect: str) -> Select[Any]:
    """Events with their links, found in the first of both tables, then in the second by the key."""
    second = links if first is events else events
    own, others = _COLUMNS[first], _COLUMNS[second]
    if dialect == "sqlite":
        both = first.join(second, SAME_EVENT)
        return select(*own, *others).select_from(both)
    found = select(*others).where(SAME_EVENT).offset(_NOTHING).correlate(first).lateral("found")
    return select(*own, *found.c).select_from(first.join(found, true()))


@attrs.frozen(eq=False, kw_only=True)
class Search:
    """Looks for the events that are wanted, in the order of one of both tables.

    With a `person` it finds some that are not about them, too.
    """

    first: Table
    of_first: Sequence[ColumnElement[bool]]
    source: str | None
    """Unless that is said of the first table."""
    person: Person | None
    """With names, which have to be compared. No index helps with that."""
    dialect: str

    @classmethod
    def of(cls, wanted: EventFilter, dialect: str) -> Search:
        """The search for these events."""
        about_link, person, source = _about_link(wanted), wanted.person, wanted.source
        if person is not None and not folded(person).identities:
            about_link.append(false() if person.user is None else links.c.user_id == person.user)
            person = None
        first = links if about_link else events
        conditions = [*about_link, *within(first.c.time_window_start, wanted.start, wanted.end)]
        if source is not None and first is events:
            conditions.append(events.c.source == source)
            source = None
        return cls(
            first=first,
            of_first=conditions,
            source=source,
            person=person,
            dialect=dialect,
        )

    def page(
        self, after: EventKey | None, limit: int, *, until: EventKey | None = None
    ) -> Select[Any]:
        """The next events, up to a key if there is one."""
        found = stored_from(self.first, self.dialect)
        if self.source is not None:
            # The concatenation keeps SQLite from beginning with the index by source instead.
            found = found.where(found.selected_columns.source.concat("") == self.source)
        if self.person is not None:
            found = found.where(_may_be_about(self.person, found, self.dialect))
        return self._in_order(found, after, limit).where(*_until(self._key, until))

    def key_ahead(self, after: EventKey | None, rows: int) -> Select[Any]:
        """The key so many rows ahead in the first table; none if there are fewer."""
        return self._in_order(select(*self._key), after, 1).offset(rows - 1)

    def _in_order(self, found: Select[Any], after: EventKey | None, limit: int) -> Select[Any]:
        rows = found.where(*self.of_first, *_after(self._key, after))
        return rows.order_by(*self._key).limit(limit)

    @property
    def _key(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return self.first.c.time_window_start, self.first.c.event_id


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


# The time by itself says which partitions need not be looked at.


def _after(
    key: tuple[ColumnElement[Any], ColumnElement[Any]], bound: EventKey | None
) -> list[ColumnElement[bool]]:
    if bound is None:
        return []
    return [tuple_(*key) > _literal(bound), key[0] >= bound.time_window_start]


def _until(
    key: tuple[ColumnElement[Any], ColumnElement[Any]], bound: EventKey | None
) -> list[ColumnElement[bool]]:
    if bound is None:
        return []
    return [tuple_(*key) <= _literal(bound), key[0] <= bound.time_window_start]


def _literal(key: EventKey) -> ColumnElement[Any]:
    return tuple_(literal(key.time_window_start, Moment), literal(key.event_id, Uuid))


def _may_be_about(person: Person, found: Select[Any], dialect: str) -> ColumnElement[bool]:
    """Holds for every event about the person, and for some others."""
    its = found.selected_columns
    identities = its.identities
    if dialect == "postgresql":
        # Other collations lower-case `I` as Turkish does.
        identities = identities.collate("C")
    folded_text = func.lower(identities)
    named = [folded_text.like(_pattern(value)) for value in folded(person).identities]
    linked = [] if person.user is None else [its.user_id == person.user]
    return or_(false(), *linked, *named)


def _pattern(value: str) -> str:
    return f"%{_UNSURE.sub('%', value)}%"
