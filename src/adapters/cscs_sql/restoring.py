"""Putting a backup into an empty store, of whatever database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Insert, delete, select
from sqlalchemy.exc import DataError, IntegrityError

from cscs_domain._text import label
from cscs_domain.errors import InvalidValueError
from cscs_sql.backup import Backup
from cscs_sql.backup_format import BACKUP_TABLES, BackupTable, Progress, tables_of
from cscs_sql.backup_reading import BackupReader, opened_backup
from cscs_sql.facts import read_zone
from cscs_sql.json_columns import insertion
from cscs_sql.locks import Lock, keep_writers_out, take
from cscs_sql.opening import opened
from cscs_sql.partitions import ensure_months, months_of
from cscs_sql.schema import events, facts, summaries
from cscs_sql.schema_state import require_current
from cscs_sql.touching import touch_all_days

_AT_ONCE: Final = 1000


def restore(url: str, path: Path, *, progress: Progress | None = None) -> Backup:
    """Put everything of a backup in, or nothing if the file is not whole.

    The store has its tables and nothing in them. It takes the zone of the backup. Tables that came
    later than the backup stay empty, and sums that it lacks are computed anew. Raises
    `InvalidValueError`, `StoreUnavailableError`, `OutdatedStoreError` and `OSError`.
    """
    with opened_backup(path) as reader, opened(url) as connection:
        take(connection, Lock.MIGRATION)
        take(connection, Lock.DIRECTORY)
        require_current(connection)
        # Of this the backup has its own. Who stores something asks for it first, so it comes first.
        connection.execute(delete(facts))
        keep_writers_out(connection)
        _require_empty(connection)
        there = tables_of(reader.header().revision)
        for table in there:
            _restore_table(connection, reader, table, progress)
        trailer = reader.end()
        zone = read_zone(connection)
        if zone is not None and summaries not in [table.table for table in there]:
            touch_all_days(connection, _zone(zone))
        _look_at_distributions(connection)
    return Backup(trailer.rows, trailer.sha256)


def _restore_table(
    connection: Connection, reader: BackupReader, table: BackupTable, progress: Progress | None
) -> None:
    statement = insertion(table.table, table.columns)
    rows, count = reader.rows(table), 0
    while several := list(islice(rows, _AT_ONCE)):
        if table.table is events:
            ensure_months(connection, months_of(_beginnings(several)))
        _insert(connection, statement, several, table)
        count += len(several)
        if progress is not None:
            progress(table.name, count)


def _insert(
    connection: Connection, statement: Insert, rows: list[dict[str, object]], table: BackupTable
) -> None:
    try:
        connection.execute(statement, rows)
    except (IntegrityError, DataError, OverflowError) as error:
        # Not chained: the driver's error quotes rows.
        kind = type(error).__name__
        reason = f"does not take rows of the backup ({kind}): the file was changed, or is damaged"
        raise InvalidValueError("the table", table.name, reason) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        reason = "is no zone that this machine knows"
        raise InvalidValueError("the zone of the backup", label(name), reason) from None


def _beginnings(rows: list[dict[str, object]]) -> Iterator[datetime]:
    for row in rows:
        begins = row["time_window_start"]
        if isinstance(begins, datetime):
            yield begins


def _require_empty(connection: Connection) -> None:
    for table in BACKUP_TABLES:
        if table.table is facts:
            continue
        if connection.execute(select(table.table).limit(1)).first() is not None:
            reason = "has rows already; a backup goes into an empty store"
            raise InvalidValueError("the table", table.name, reason)


def _look_at_distributions(connection: Connection) -> None:
    """Let PostgreSQL plan well at once: by itself it looks at partitions alone, and later."""
    if connection.dialect.name == "postgresql":
        for table in BACKUP_TABLES:
            connection.exec_driver_sql(f"ANALYZE {table.name}")
