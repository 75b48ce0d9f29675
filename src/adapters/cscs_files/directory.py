"""Users, projects and allocations out of a file or a folder of tables."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.events.directory_rows import Section
from cscs_domain.events.directory_wire import directory_from_wire
from cscs_domain.ports import Directory
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_files.directory_tables import TableFile, other_tables, read_table
from cscs_files.file_reading import FileStamp, SourceFile
from cscs_files.identity_documents import Pairs, read_tree

LARGEST_DIRECTORY_FILE: Final = 64 * 2**20
"""Bytes: about half a million users."""

_STANDS_FOR: Final = "directory"
_SETTLED_NS: Final = 2 * 10**9
_EXPECTED: Final = f"expected {', '.join(Section)} at its top"

_Stamps: TypeAlias = tuple[FileStamp, ...]
_Files: TypeAlias = dict[Section | None, SourceFile]
"""Tables by what is in them, or the one file for all."""


@attrs.frozen
class _Good:
    """What was made of a state of the files."""

    known: KnownDirectory
    problems: tuple[Problem, ...]


class FileDirectory:
    """One YAML or JSON file (see `directory_wire` of the domain), or a folder of CSV tables.

    What was read is kept until a file changes. If it cannot be read then, what was read before
    stands in: to turn events away would lose more than to link a few by yesterday's names, which
    is mended by linking them again. `read` tells of it. Only a directory that was never read is an
    error. `reads` counts how often the files were parsed; with ten thousands of records, tables are
    parsed several times faster than YAML.
    """

    def __init__(self, path: Path, *, largest_file: int = LARGEST_DIRECTORY_FILE) -> None:
        self._named = SourceFile(_STANDS_FOR, path, largest_file)
        self._good: _Good | None = None
        self._last: tuple[_Stamps, _Good | UpstreamServiceError] | None = None
        self._reading = asyncio.Lock()
        self.reads = 0

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """The whole directory, whatever was asked: its look-ups are made once."""
        return (await self.read())[0]

    async def read(self) -> tuple[KnownDirectory, tuple[Problem, ...]]:
        """The whole directory and what is wrong with it.

        Raises `UpstreamServiceError` if it could never be read.
        """
        async with self._reading:  # one reader, however many wait
            return await asyncio.to_thread(self._current)

    async def close(self) -> None:
        """No file is kept open."""

    def _current(self) -> tuple[KnownDirectory, tuple[Problem, ...]]:
        try:
            latest = self._latest()
        except UpstreamServiceError as error:
            latest = error
        if isinstance(latest, _Good):
            self._good = latest
            return latest.known, latest.problems
        if self._good is None:
            self._last = None
            raise latest
        return self._good.known, (_stale(latest), *self._good.problems)

    def _latest(self) -> _Good | UpstreamServiceError:
        names = self._names()
        files = self._files(is_folder=names is not None)
        stamps = tuple(file.stamp() for file in files.values())
        if self._last is not None and self._last[0] == stamps:
            return self._last[1]
        self.reads += 1
        read = self._parsed(files, names or [])
        # A clock tick of a file system takes milliseconds, on some mounts two seconds: a file
        # that is younger could change once more and keep its stamp.
        settled = time.time_ns() - max(stamp.modified for stamp in stamps) > _SETTLED_NS
        self._last = (stamps, read) if settled else None
        return read

    def _names(self) -> list[str] | None:
        """What a folder holds; None if it is a file."""
        path = self._named.path
        try:
            return sorted(one.name for one in path.iterdir()) if path.is_dir() else None
        except OSError as error:
            raise self._named.failed(error) from None

    def _files(self, *, is_folder: bool) -> _Files:
        if not is_folder:
            return {None: self._named}
        return {section: TableFile.in_folder(self._named, section) for section in Section}

    def _parsed(self, files: _Files, names: list[str]) -> _Good | UpstreamServiceError:
        try:
            known, problems = directory_from_wire(_tree(files))
        except InvalidValueError as error:
            return self._named.error(str(error), retryable=False)
        except UpstreamServiceError as error:
            return error
        known.book  # noqa: B018 - made here, in a thread, and not by whoever asks first
        return _Good(known, (*other_tables(names), *problems))


def _tree(files: _Files) -> dict[str, object]:
    found: dict[str, object] = {}
    for section, file in files.items():
        content, _ = file.read()
        if section is None:
            found |= _top(file, content)
        else:
            found[section.value] = read_table(file, content, section)
    return found


def _top(file: SourceFile, content: bytes) -> dict[str, object]:
    if not content.strip():
        raise file.error(f"is empty: {_EXPECTED}", retryable=True)
    tree = read_tree(file, content)
    if not isinstance(tree, Pairs):
        # Nothing at all is what a file looks like that is just being written.
        raise file.error(_EXPECTED, retryable=not tree)
    return {key: _plain(value) for key, value in _members(tree).items()}


def _plain(value: object) -> object:
    """The same with mappings as such; a key that contradicts itself has a tuple of its values."""
    if isinstance(value, Pairs):
        return {key: _plain(member) for key, member in _members(value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _members(pairs: Pairs) -> dict[str, object]:
    return {key: pairs.member(key) for key, _ in pairs}


def _stale(failure: UpstreamServiceError) -> Problem:
    return Problem(
        ProblemCode.STALE_DIRECTORY,
        Severity.WARNING,
        f"{failure}. Links are made with what was read before.",
        "Mend the file; then `cscs events relink`.",
    )


_: type[Directory] = FileDirectory
