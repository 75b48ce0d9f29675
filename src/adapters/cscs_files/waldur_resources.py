"""Waldur's resources out of files: dumps, captures and demonstration data."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.ports import (
    JsonObject,
    ResourcePage,
    ResourceQuery,
    WaldurInspection,
    WaldurOfferings,
    WaldurResources,
)
from cscs_files.file_reading import json_files
from cscs_files.waldur_documents import RowTexts, read_rows
from cscs_json.waldur_offerings import offering_from_rows, slug_from_rows

LARGEST_WALDUR_FILE: Final = 2**30
"""Bytes in one file: more than 100 000 resources with all their keys; a bound for memory."""


class FileWaldurResources:
    """All resources in some JSON files and directories of JSON files, read again every time.

    `waldur_documents` lists the forms that a file may have. Nothing is filtered: what is in the
    files is the site. Every file is read and decoded before the first page comes, so half a read
    cannot look complete; each file is one moment, several files are as old as they are. Reading
    and decoding happen in a thread, whatever the size, since a stat on a slow mount is enough to
    stall a server. Raises `UpstreamServiceError` with the file's name and the position in it.
    """

    def __init__(self, paths: Sequence[Path], *, largest_file: int = LARGEST_WALDUR_FILE) -> None:
        if not paths:
            raise InvalidValueError("paths", "[]", "name no file to read resources from")
        self._paths = tuple(paths)
        self._largest = largest_file

    async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield the rows of all files, at most 300 at a time."""
        del query
        waiting = deque(await asyncio.to_thread(self._pages))
        while waiting:  # each page is let go as soon as it was handed over
            yield waiting.popleft()
            await asyncio.sleep(0)

    async def raw_pages(self, query: ResourceQuery) -> AsyncIterator[Sequence[JsonObject]]:
        """Yield the objects of all files with every key, at most 300 at a time."""
        del query
        waiting = deque(await asyncio.to_thread(self._raw_pages))
        while waiting:
            yield waiting.popleft()
            await asyncio.sleep(0)

    async def offering(self, slug: str) -> JsonObject | None:
        """Return what the rows tell about their offering."""
        return await asyncio.to_thread(self._offering, slug)

    async def offering_slug(self, offering: UUID) -> str | None:
        """The slug in the first row of the offering that has one; None if no file has any."""
        return await asyncio.to_thread(self._offering_slug, offering)

    def _pages(self) -> list[ResourcePage]:
        pages = [page for texts in self._texts() for page in texts.pages()]
        total = sum(len(page.rows) + len(page.problems) for page in pages)
        return [attrs.evolve(page, total=total) for page in pages]

    def _raw_pages(self) -> list[list[JsonObject]]:
        return [page for texts in self._texts() for page in texts.raw_pages()]

    def _offering(self, slug: str) -> JsonObject | None:
        rows = (row for texts in self._texts() for page in texts.raw_pages() for row in page)
        return offering_from_rows(rows, slug)

    def _offering_slug(self, offering: UUID) -> str | None:
        rows = (row for texts in self._texts() for page in texts.pages() for row in page.rows)
        return slug_from_rows(rows, offering)

    def _texts(self) -> Iterable[RowTexts]:
        """One file at a time: the bytes of the last one are free before the next is read."""
        for path in self._paths:
            for file in json_files("Waldur", path, self._largest):
                yield from read_rows(file)


_resources: type[WaldurResources] = FileWaldurResources
_inspection: type[WaldurInspection] = FileWaldurResources
_offerings: type[WaldurOfferings] = FileWaldurResources
