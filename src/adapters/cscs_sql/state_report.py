"""What an operator asks first: which tables, how much is in them, how far the partitions go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import Connection, func, inspect, select, text

from cscs_sql.dialects import Layout, has_timescale, layout_of
from cscs_sql.facts import read_zone
from cscs_sql.migrating import Revision, head, revisions
from cscs_sql.opening import file_is_missing, opened
from cscs_sql.partitions import PARENT, attached_partitions
from cscs_sql.schema import events, facts, metadata, touched_days
from cscs_sql.schema_state import SchemaKind, version_of

_SQLITE_SIZE: Final = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
_SIZE: Final = text(
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
    " WHERE oid IN (SELECT to_regclass(quote_ident(name))"
    " FROM unnest(CAST(:names AS text[])) AS name)"
)
_HYPERTABLE_SIZE: Final = text(f"SELECT hypertable_size('{PARENT}')")
_CHUNKS: Final = text(f"SELECT show_chunks('{PARENT}')::text ORDER BY 1")


@attrs.frozen(kw_only=True)
class SchemaState:
    """The store as it is. All but the first four members say nothing where there are no tables."""

    kind: SchemaKind
    revision: str | None
    """Of the tables."""
    head: str
    """What this version works with."""
    pending: tuple[Revision, ...]
    """Steps that `upgrade` would take."""
    layout: Layout | None = None
    has_timescale: bool = False
    """Whether the database has TimescaleDB, used or not."""
    zone: str | None = None
    """Of the days in sums."""
    rows: Mapping[str, int] = attrs.field(factory=dict)
    """By table, counted."""
    partitions: tuple[str, ...] = ()
    """Names of partitions, or of chunks on TimescaleDB, oldest first."""
    size_bytes: int = 0
    """On disk, with indexes."""
    first_event: datetime | None = None
    last_event: datetime | None = None
    """Beginnings of the earliest and the latest window."""
    touched_days: int = 0
    """Days whose sums are to be computed again."""


def schema_state(url: str) -> SchemaState:
    """Look into the database and change nothing. Counting millions of events takes seconds.

    Raises `StoreUnavailableError`.
    """
    if file_is_missing(url):
        layout = Layout.SQLITE
        kind = SchemaKind.ABSENT
        return SchemaState(
            kind=kind, revision=None, head=head(), pending=revisions(), layout=layout
        )
    with opened(url, writes=False) as connection:
        return _state(connection)


def _state(connection: Connection) -> SchemaState:
    version = version_of(connection)
    state = SchemaState(
        kind=version.kind,
        revision=version.revision,
        head=head(),
        pending=version.pending,
        layout=layout_of(connection),
        has_timescale=has_timescale(connection),
    )
    if version.kind not in {SchemaKind.CURRENT, SchemaKind.OUTDATED}:
        return state
    return _with_content(connection, state)


def _with_content(connection: Connection, state: SchemaState) -> SchemaState:
    there = set(inspect(connection).get_table_names())
    tables = [table for table in metadata.sorted_tables if table.name in there]
    begins = select(func.min(events.c.time_window_start), func.max(events.c.time_window_start))
    first, last = connection.execute(begins).one()
    days = select(func.count(func.distinct(touched_days.c.day)))
    partitions = _partitions(connection, state.layout)
    names = [*(table.name for table in tables), *partitions]
    return attrs.evolve(
        state,
        zone=read_zone(connection) if facts.name in there else None,
        rows={
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        },
        partitions=partitions,
        size_bytes=_size(connection, state.layout, names),
        first_event=first,
        last_event=last,
        touched_days=connection.scalar(days) or 0,
    )


def _partitions(connection: Connection, layout: Layout | None) -> tuple[str, ...]:
    if layout is Layout.TIMESCALEDB:
        return tuple(connection.scalars(_CHUNKS))
    return attached_partitions(connection)


def _size(connection: Connection, layout: Layout | None, names: list[str]) -> int:
    if layout is Layout.SQLITE:
        return int(connection.scalar(_SQLITE_SIZE) or 0)
    size = int(connection.scalar(_SIZE, {"names": names}) or 0)
    if layout is Layout.TIMESCALEDB:
        size += int(connection.scalar(_HYPERTABLE_SIZE) or 0)
    return size
