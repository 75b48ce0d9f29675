"""What TimescaleDB is told. Source: usage events contract, 6.2; docs/how-to/TIMESCALE_SETUP.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from cscs_domain._text import shown, told
from cscs_domain.errors import InvalidValueError
from cscs_sql.dialects import Layout, has_timescale, layout_of

COMPRESS_AFTER_DAYS: Final = 7
LEAST_RETENTION_DAYS: Final = 180
"""Sums of a day are recomputed out of its events, so these have to be there for long."""

EXTENSION_STATEMENT: Final = "CREATE EXTENSION IF NOT EXISTS timescaledb"
_HYPERTABLE: Final = (
    "SELECT create_hypertable('resource_usage_events', 'time_window_start',"
    " chunk_time_interval => INTERVAL '30 days', create_default_indexes => FALSE)"
)
_COMPRESSION: Final = (
    "ALTER TABLE resource_usage_events SET (timescaledb.compress,"
    " timescaledb.compress_segmentby = 'source, project_slug',"
    " timescaledb.compress_orderby = 'time_window_start DESC')"
)
HYPERTABLE_STATEMENTS: Final = (_HYPERTABLE, _COMPRESSION)
_NO_POLICIES: Final = (
    "SELECT remove_compression_policy('resource_usage_events', if_exists => TRUE)",
    "SELECT remove_retention_policy('resource_usage_events', if_exists => TRUE)",
)
_AVAILABLE: Final = text("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'")
_MOVE: Final = "docs/how-to/TIMESCALE_SETUP.md says how to move them"


class TimescaleChoice(StrEnum):
    """Whether events go into a hypertable. Decided once, when the tables are made."""

    AUTO = "auto"
    """If the server has TimescaleDB."""
    ON = "on"
    OFF = "off"


def chosen_layout(engine: Engine, choice: TimescaleChoice) -> Layout:
    """How events are to lie in this PostgreSQL; makes the extension if that is needed.

    Tables that are there stay as they are. Raises `InvalidValueError` if TimescaleDB is wanted and
    cannot be had.
    """
    with engine.connect() as connection:
        there = layout_of(connection)
        has, available = has_timescale(connection), _is_available(connection)
    if there is not None:
        if choice is TimescaleChoice.ON and there is not Layout.TIMESCALEDB:
            raise _refused(f"is not there: events are in tables of {there} and stay there; {_MOVE}")
        return there
    if choice is TimescaleChoice.OFF or (choice is TimescaleChoice.AUTO and not available):
        return Layout.POSTGRESQL
    if not has:
        _make_extension(engine, available=available)
    return Layout.TIMESCALEDB


def layout_of_file(choice: TimescaleChoice) -> Layout:
    """The one of SQLite. Raises `InvalidValueError` if TimescaleDB is wanted."""
    if choice is TimescaleChoice.ON:
        raise _refused(f"belongs to PostgreSQL, and this is a file of SQLite; {_MOVE}")
    return Layout.SQLITE


def _is_available(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql" and connection.scalar(_AVAILABLE) is not None


def _make_extension(engine: Engine, *, available: bool) -> None:
    if not available:
        raise _refused("is not installed on the server; docs/how-to/TIMESCALE_SETUP.md says how")
    # By itself, and first on its connection: it refuses to be made after other work.
    try:
        with engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql(EXTENSION_STATEMENT)
    except DBAPIError as error:
        advice = f"let a superuser run {EXTENSION_STATEMENT}, or say off"
        raise _refused(f"cannot be made: {told(str(error.orig))}; {advice}") from None


def _refused(reason: str) -> InvalidValueError:
    return InvalidValueError("timescale", "(the extension timescaledb)", reason)


@attrs.frozen(kw_only=True)
class Policies:
    """When chunks are compressed, and when dropped if ever. Raises `InvalidValueError`."""

    compress_after_days: int = COMPRESS_AFTER_DAYS
    retention_days: int | None = None

    def __attrs_post_init__(self) -> None:
        compress, retention = self.compress_after_days, self.retention_days
        if compress < 1:
            raise InvalidValueError("compress_after_days", shown(compress), "is less than 1")
        if retention is not None and retention < LEAST_RETENTION_DAYS:
            reason = f"is less than {LEAST_RETENTION_DAYS}, and dropped events do not come back"
            raise InvalidValueError("retention_days", shown(retention), reason)

    def check(self, layout: Layout) -> None:
        """Raise `InvalidValueError` for a retention that nothing would carry out."""
        if self.retention_days is not None and layout is not Layout.TIMESCALEDB:
            reason = "needs TimescaleDB; elsewhere nothing is dropped by itself"
            raise InvalidValueError("retention_days", shown(self.retention_days), reason)

    def statements(self) -> tuple[str, ...]:
        """What sets them where there are none."""
        compress = (
            "SELECT add_compression_policy('resource_usage_events',"
            f" compress_after => INTERVAL '{self.compress_after_days} days')"
        )
        if self.retention_days is None:
            return (compress,)
        drop = (
            "SELECT add_retention_policy('resource_usage_events',"
            f" drop_after => INTERVAL '{self.retention_days} days')"
        )
        return (compress, drop)


def set_policies(connection: Connection, policies: Policies) -> None:
    """Put these policies in the place of what there is."""
    for statement in (*_NO_POLICIES, *policies.statements()):
        connection.exec_driver_sql(statement)
