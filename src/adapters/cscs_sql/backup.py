"""Writing the whole store into one file that any of its databases can take back."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

import attrs
import msgspec
from sqlalchemy import Connection, select

from cscs_sql.backup_format import (
    FORMAT,
    VERSION,
    BackupTable,
    Header,
    Progress,
    Trailer,
    tables_of,
)
from cscs_sql.facts import read_zone
from cscs_sql.json_columns import selected
from cscs_sql.opening import opened
from cscs_sql.schema_state import SchemaKind, version_of

_AT_ONCE: Final = 1000
_OWNER_ONLY: Final = 0o600


@attrs.frozen
class Backup:
    """What has been written, or put back: rows by table, and the sum over the lines."""

    rows: dict[str, int]
    sha256: str


def backup(url: str, path: Path, *, progress: Progress | None = None) -> Backup:
    """Write everything as it is at one moment; others read and write meanwhile.

    The store may be of an older revision: then these are its tables. The file appears when it is
    complete and on the disk, in the place of one that was there. It holds people's data, so its
    owner alone may read it. Raises `StoreUnavailableError`, `OutdatedStoreError` and `OSError`.
    """
    with opened(url, writes=False) as connection:
        version = version_of(connection)
        version.require(SchemaKind.CURRENT, SchemaKind.OUTDATED)
        revision = str(version.revision)
        with _durable(path) as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            return _write(connection, revision, _Lines(file), progress)


class _Lines:
    """Lines on their way into a file, summed up."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self._sum = hashlib.sha256()

    def put(self, line: bytes) -> None:
        """One line, without its end."""
        whole = line + b"\n"
        self._sum.update(whole)
        self._file.write(whole)

    @property
    def sha256(self) -> str:
        """Of all lines so far."""
        return self._sum.hexdigest()


def _write(
    connection: Connection, revision: str, lines: _Lines, progress: Progress | None
) -> Backup:
    zone = read_zone(connection)
    header = Header(format=FORMAT, version=VERSION, revision=revision, zone=zone)
    lines.put(msgspec.json.encode(header))
    counts = {
        table.name: _write_table(connection, table, lines, progress)
        for table in tables_of(revision)
    }
    trailer = Trailer(rows=counts, sha256=lines.sha256)
    lines.put(msgspec.json.encode(trailer))
    return Backup(counts, trailer.sha256)


def _write_table(
    connection: Connection, table: BackupTable, lines: _Lines, progress: Progress | None
) -> int:
    lines.put(msgspec.json.encode(table.line))
    encode, count = table.encoder(), 0
    statement = select(*map(selected, table.columns)).order_by(*table.table.primary_key)
    # From the server's cursor: the rows never are in memory together.
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
    for several in rows.partitions():
        for row in several:
            lines.put(encode(row))
        count += len(several)
        if progress is not None:
            progress(table.name, count)
    return count


@contextmanager
def _durable(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name once it is complete and on the disk; nothing is left of it else."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
