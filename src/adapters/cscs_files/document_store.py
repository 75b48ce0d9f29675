"""Documents as files in a folder. Source: spec 002; ADR 0018."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from cscs_domain.errors import DocumentsBusyError, InvalidValueError
from cscs_domain.ports import DocumentStore
from cscs_domain.problems import Problem
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, StorageDocument
from cscs_domain.storage.rows import StorageRow
from cscs_files.document_folder import DocumentFolder, ProblemsFor
from cscs_files.document_links import LatestLinks
from cscs_files.document_lock import DocumentLock
from cscs_files.document_pruning import prune
from cscs_files.file_reading import SourceFile
from cscs_files.finished_threads import in_thread
from cscs_json.documents import decode_document, document_chunks, encode_problems

LARGEST_DOCUMENT: Final = 2**30
"""Bytes: some hundred thousand rows. A larger one is not read."""

_SUFFIXES: Final = {form.suffix for form in DocumentFormat}
_T = TypeVar("_T")
_BETWEEN_TRIES: Final = 0.1
"""Seconds between two looks at a lock that somebody else holds."""


def read_document(path: Path, *, largest: int = LARGEST_DOCUMENT) -> StorageDocument:
    """The document in this file, whichever of the three formats it has.

    Blocks. Raises `UpstreamServiceError` if the file cannot be read, `InvalidValueError` if it is
    no document.
    """
    content, _ = SourceFile("documents", path, largest).read()
    suffix = path.suffix.removeprefix(".")
    return decode_document(content, suffix=suffix if suffix in _SUFFIXES else None)


class FileDocumentStore:
    """The documents in a folder, which has to be there.

    Each is a file, beside it perhaps the list of its problems, and links lead to the newest. With
    `use_links=False` these are copies, for readers who cannot follow links; so they are on file
    systems that have no links. `largest` is how many bytes of a document are read.
    """

    def __init__(
        self, directory: Path, *, largest: int = LARGEST_DOCUMENT, use_links: bool = True
    ) -> None:
        self._folder = DocumentFolder(directory)
        self._links = LatestLinks(self._folder, use_links)
        self._largest = largest

    @asynccontextmanager
    async def exclusive(self, patience: timedelta) -> AsyncIterator[None]:
        """Hold the lock on a hidden file in the folder."""
        lock = DocumentLock(self._folder)
        try:
            await self._enter(lock, patience)
            await self._in_use(self._folder.remove_leftovers)
            yield
        finally:
            lock.leave()

    async def _enter(self, lock: DocumentLock, patience: timedelta) -> None:
        now = asyncio.get_running_loop().time
        until = now() + patience.total_seconds()
        while (holder := await self._in_use(lock.enter)) is not None:
            left = until - now()
            if left <= 0:
                raise DocumentsBusyError(str(self._folder), holder)
            await asyncio.sleep(min(left, _BETWEEN_TRIES))

    async def names(self) -> Sequence[DocumentName]:
        """The documents in the folder."""
        return await self._in_use(self._folder.names)

    async def latest(self, series: Series) -> DocumentName | None:
        """What the series' link leads to, or is a copy of."""
        return await self._in_use(lambda: self._links.target(series.link))

    async def read(self, name: DocumentName) -> StorageDocument:
        """One document."""

        def found() -> StorageDocument:
            path = self._folder.file_of(name) or self._folder.path / name.text
            return read_document(path, largest=self._largest)

        return await self._in_use(found)

    async def write(
        self,
        name: DocumentName,
        head: DocumentHead,
        rows: Iterable[StorageRow],
        problems: Sequence[Problem] = (),
        *,
        moment: datetime | None = None,
    ) -> DocumentName:
        """Write a document. If the caller is cancelled it is there, or nothing of it."""
        date = head.meta.date if moment is None and head.meta else moment
        listed = _listed(name, date, problems) if problems else None
        stopped = Event()
        chunks = _until(stopped, document_chunks(head, rows))
        return await self._in_use(lambda: self._folder.write(name, chunks, listed), stopped=stopped)

    async def switch_latest(self, series: Series, name: DocumentName) -> None:
        """Let the series' link lead to this document."""
        await self._in_use(lambda: self._links.switch(series.link, name))

    async def prune(self, series: Series, keep: int) -> Sequence[DocumentName]:
        """Delete the oldest documents of all rows."""
        if keep < 1:
            raise InvalidValueError("number of documents to keep", str(keep), "is below 1")
        return await self._in_use(lambda: prune(self._folder, self._links, series, keep))

    async def _in_use(self, call: Callable[[], _T], *, stopped: Event | None = None) -> _T:
        def used() -> _T:
            with self._folder.in_use():
                return call()

        return await in_thread(used, stopped=stopped)


class _StoppedError(Exception):
    """Nobody waits for the document any more."""


def _until(stopped: Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if stopped.is_set():
            raise _StoppedError
        yield chunk


def _listed(
    wanted: DocumentName, date: datetime | None, problems: Sequence[Problem]
) -> ProblemsFor:
    if date is None:
        raise InvalidValueError("list of problems", wanted.problems_text, "has no date")
    return lambda name: encode_problems(name.text, date, problems)


_: type[DocumentStore] = FileDocumentStore
