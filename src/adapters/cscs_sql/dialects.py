"""What differs between SQLite, PostgreSQL and TimescaleDB."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

_EXTENSION: Final = text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
_HYPERTABLE: Final = text(
    "SELECT 1 FROM timescaledb_information.hypertables"
    " WHERE hypertable_schema = current_schema()"
    " AND hypertable_name = 'resource_usage_events'"
)
_EVENTS: Final = text("SELECT to_regclass('resource_usage_events')")


class Layout(StrEnum):
    """How events lie in the database."""

    SQLITE = "sqlite"
    """One table."""
    POSTGRESQL = "postgresql"
    """Partitions of a month in UTC."""
    TIMESCALEDB = "timescaledb"
    """A hypertable, whose chunks are made by themselves."""


def has_timescale(connection: Connection) -> bool:
    """Whether the database has the extension TimescaleDB."""
    return connection.dialect.name == "postgresql" and connection.scalar(_EXTENSION) is not None


def layout_of(connection: Connection) -> Layout | None:
    """How events lie in there; None on PostgreSQL as long as there are no tables."""
    if connection.dialect.name == "sqlite":
        return Layout.SQLITE
    if connection.scalar(_EVENTS) is None:
        return None
    if has_timescale(connection) and connection.scalar(_HYPERTABLE) is not None:
        return Layout.TIMESCALEDB
    return Layout.POSTGRESQL
