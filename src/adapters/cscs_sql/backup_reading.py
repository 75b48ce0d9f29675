"""Reading a backup line by line, and refusing one that is not whole."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from cscs_domain._text import label, told
from cscs_domain.errors import InvalidValueError
from cscs_sql.backup_format import (
    FORMAT,
    LONGEST_LINE,
    VERSION,
    BackupTable,
    Header,
    TableLine,
    Trailer,
)
from cscs_sql.migrating import revisions
from cscs_sql.remedies import NEWER_VERSION

_Line = TypeVar("_Line")
_SHOWN: Final = 200


class BackupReader:
    """The lines of a backup, from the first to the last.

    All methods raise `InvalidValueError` for what is no backup, or not whole.
    """

    def __init__(self, path: Path, file: gzip.GzipFile) -> None:
        self._path = path
        self._file = file
        self._sum = hashlib.sha256()
        self._counts: dict[str, int] = {}
        self._ahead = self._read_line()

    def header(self) -> Header:
        """The first line."""
        header = self._decoded(Header)
        if header.format != FORMAT or header.version != VERSION:
            found = f"{label(header.format)} {header.version}"
            raise self._refused(f"is of the form {found} and not {FORMAT} {VERSION}")
        if header.revision not in [each.id for each in revisions()]:
            newer = f"{label(header.revision)}, which is not known before {NEWER_VERSION}"
            raise self._refused(f"is of revision {newer}: restore it with that")
        return header

    def rows(self, table: BackupTable) -> Iterator[dict[str, object]]:
        """The rows of the next table, which has to be this one."""
        if self._decoded(TableLine) != table.line:
            raise self._refused(f"has no table {table.name} where it should be")
        decode, count = table.decoder(), 0
        while self._ahead.startswith(b"["):
            values = self._read(decode)
            count += 1
            yield values
        self._counts[table.name] = count

    def end(self) -> Trailer:
        """The last line, which has to agree with everything read."""
        expected = self._sum.hexdigest()
        trailer = self._decoded(Trailer)
        if trailer.sha256 != expected or trailer.rows != self._counts or self._ahead:
            raise self._refused("was changed after it was written, or is damaged")
        return trailer

    def _decoded(self, type_: type[_Line]) -> _Line:
        return self._read(lambda line: msgspec.json.decode(line, type=type_))

    def _read(self, decode: Callable[[bytes], _Line]) -> _Line:
        line = self._ahead
        if not line.endswith(b"\n"):
            raise self._refused("is cut off, or has a line that is too long")
        self._sum.update(line)
        self._ahead = self._read_line()
        try:
            return decode(line)
        except (ValueError, OverflowError) as error:
            reason = told(str(error)[:_SHOWN])
            raise self._refused(f"has a line that cannot be read: {reason}") from None

    def _read_line(self) -> bytes:
        try:
            return self._file.readline(LONGEST_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._refused(f"is cut off or damaged: {told(str(error))}") from None

    def _refused(self, reason: str) -> InvalidValueError:
        return InvalidValueError("the backup", label(str(self._path)), reason)


@contextmanager
def opened_backup(path: Path) -> Iterator[BackupReader]:
    """The lines of a file. Raises `OSError`, and `InvalidValueError`."""
    with gzip.open(path) as file:
        yield BackupReader(path, file)
