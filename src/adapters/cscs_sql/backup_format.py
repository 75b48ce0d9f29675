"""A backup as a file: gzip of lines of JSON, the same for every database.

First a header; then for each table a line with its name and columns, and its rows as arrays; in
the end how many rows each table has and the SHA-256 of all lines before. Times are microseconds
since 1970, ids and days text, and numbers that may be larger than 64 bits text too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import msgspec
from sqlalchemy import Date, Table, Uuid
from sqlalchemy.schema import Column

from cscs_sql.column_types import ExactInteger, JsonText, Moment, microseconds
from cscs_sql.schema import (
    corrections,
    directory_allocations,
    directory_openstack_requests,
    directory_projects,
    directory_users,
    metadata,
    summaries,
)

FORMAT: Final = "cscs-events-backup"
VERSION: Final = 1
LONGEST_LINE: Final = 1 << 26
"""Bytes; an event is smaller than a batch, and a batch is a fraction of this."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Progress: TypeAlias = Callable[[str, int], None]
"""Told the name of a table and how many of its rows are done, now and then."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    format: str
    version: int
    revision: str
    """Of the tables."""
    zone: str | None
    """Of the days in sums."""


class TableLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line before the rows of a table."""

    table: str
    columns: list[str]


class Trailer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line."""

    rows: dict[str, int]
    sha256: str


@attrs.frozen
class BackupTable:
    """One table, with how its values are written."""

    table: Table
    columns: tuple[Column[Any], ...]

    @property
    def name(self) -> str:
        """Of the table."""
        return str(self.table.name)

    @property
    def line(self) -> TableLine:
        """The line before its rows."""
        return TableLine(self.name, [str(column.name) for column in self.columns])

    def encoder(self) -> Callable[[Sequence[Any]], bytes]:
        """Turns a row, with JSON as text, into its line without the end."""
        writers = [_writer(column) for column in self.columns]

        def encode(row: Sequence[Any]) -> bytes:
            values = [
                None if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]
            return msgspec.json.encode(values)

        return encode

    def decoder(self) -> Callable[[bytes], dict[str, object]]:
        """Turns a line into values by column. Raises `msgspec.DecodeError` and `ValueError`."""
        readers = [(column.name, *_reader(column)) for column in self.columns]
        row_decoder = msgspec.json.Decoder(list[msgspec.Raw])

        def decode(line: bytes) -> dict[str, object]:
            row = row_decoder.decode(line)
            if len(row) != len(readers):
                raise ValueError(f"a row of {self.name} has {len(row)} values")
            return {
                name: None if bytes(raw) == b"null" else read(msgspec.json.decode(raw, type=type_))
                for raw, (name, type_, read) in zip(row, readers, strict=True)
            }

        return decode


def _backup_table(table: Table) -> BackupTable:
    # What counts up by itself does so again; rows come in its order.
    columns = tuple(column for column in table.columns if column is not table.autoincrement_column)
    return BackupTable(table, columns)


BACKUP_TABLES: Final = tuple(map(_backup_table, metadata.sorted_tables))
"""All tables, by name."""

_ADDED: Final[Mapping[str, tuple[Table, ...]]] = {
    "0002": (corrections, summaries),
    "0003": (
        directory_allocations,
        directory_openstack_requests,
        directory_projects,
        directory_users,
    ),
}
"""What later revisions brought; all other tables are of the first."""


def tables_of(revision: str) -> tuple[BackupTable, ...]:
    """The tables of a store of this revision, by name. Their columns have never changed."""
    later = {table for added in _ADDED if added > revision for table in _ADDED[added]}
    return tuple(table for table in BACKUP_TABLES if table.table not in later)


def _writer(column: Column[Any]) -> Callable[[Any], object]:
    match column.type:
        case Moment():
            return microseconds
        case ExactInteger() | Uuid() | Date():
            return str
        case JsonText():
            return _raw
        case _:
            return _same


def _reader(column: Column[Any]) -> tuple[Any, Callable[[Any], object]]:
    """What a value is decoded as, and what is made of it then."""
    match column.type:
        case Moment():
            return int, _moment
        case ExactInteger():
            return str, int
        case Uuid():
            return str, UUID
        case Date():
            return str, date.fromisoformat
        case JsonText():
            return msgspec.Raw, _text
        case _:
            return column.type.python_type, _same


def _same(value: object) -> object:
    return value


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


def _moment(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)
