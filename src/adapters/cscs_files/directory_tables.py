"""A directory in a folder of CSV tables, one for each kind of records.

`users.csv`, `projects.csv`, `allocations.csv` and `openstack_requests.csv`, each with a line of
column names (see `directory_wire` of the domain) and records below, separated by commas or, if the
first line has any, by semicolons; UTF-8. All four have to be there, since a table that is missing
would read as "everybody is gone"; the line of column names alone makes an empty one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory_rows import Section
from cscs_domain.events.directory_wire import NEEDED
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_files.file_reading import SourceFile

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@attrs.frozen
class TableFile(SourceFile):
    """One table of a folder; errors name both."""

    @classmethod
    def in_folder(cls, folder: SourceFile, section: Section) -> TableFile:
        """The table of a section, bounded as the folder is."""
        return cls(folder.stands_for, folder.path / table_name(section), folder.largest)

    @property
    def service(self) -> str:
        """The name of the service in errors, with the folder's name before the table's."""
        name = f"{self.path.parent.name}/{self.path.name}"
        return f"{self.stands_for} (file {name if name.isprintable() else ascii(name)})"

    def failed(self, error: OSError) -> UpstreamServiceError:
        """The error of this file that the operating system's error means."""
        if not isinstance(error, FileNotFoundError):
            return super().failed(error)
        tables = ", ".join(map(table_name, Section))
        reason = (
            f"does not exist (yet); a folder has {tables}, of which one without records has the"
            " line of its column names alone"
        )
        return self.error(reason, retryable=True)


def table_name(section: Section) -> str:
    """The name of a table's file."""
    return f"{section}.csv"


def other_tables(names: Iterable[str]) -> list[Problem]:
    """What lies in the folder and may have been meant as a table."""
    tables = {table_name(section) for section in Section}
    return [
        _unread(name)
        for name in names
        if name.endswith(".csv") and not name.startswith(".") and name not in tables
    ]


def read_table(file: SourceFile, content: bytes, section: Section) -> list[object]:
    """The records of a table. Raises `UpstreamServiceError` if it is none of this section.

    A record with more or fewer cells than there are columns is a list of its cells.
    """
    text = _text(file, content)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
        header = [name.strip() for name in next(lines, [])]
        _check(file, header, section)
        return [_record(header, cells) for cells in lines if any(map(str.strip, cells))]
    except csv.Error as error:
        raise file.error(f"not CSV: {error} at line {lines.line_num}", retryable=True) from None


def _unread(name: str) -> Problem:
    message = f"{name!a} is no table of a directory and was passed over."
    hint = f"The tables are {', '.join(map(table_name, Section))}."
    return Problem(ProblemCode.UNKNOWN_KEY, Severity.WARNING, message, hint)


def _text(file: SourceFile, content: bytes) -> str:
    try:
        text = content.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise file.error(f"not UTF-8 at line {line}", retryable=False) from None
    if not text.endswith("\n"):
        # The rest of the line may not have been written yet.
        raise file.error("does not end with a line break: half-written?", retryable=True)
    return text


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return ";" if ";" in first else ","


def _check(file: SourceFile, header: list[str], section: Section) -> None:
    if not any(header):
        raise file.error("has no line of column names at its top", retryable=True)
    if len(set(header)) < len(header):
        raise file.error("has two columns of one name", retryable=False)
    if missing := [name for name in NEEDED[section] if name not in header]:
        raise file.error(f"has no column {', '.join(missing)}", retryable=False)


def _record(header: list[str], cells: list[str]) -> object:
    if len(cells) != len(header):
        return cells
    return dict(zip(header, cells, strict=True))
