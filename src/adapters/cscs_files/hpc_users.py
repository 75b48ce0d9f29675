"""Unix ids out of a file, for sites and demonstrations without an identity service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

import attrs

from cscs_domain.identities import GidLookup, UserLookup
from cscs_domain.ports import HpcUsers
from cscs_files.file_reading import FileStamp, SourceFile
from cscs_files.identity_documents import read_tree
from cscs_files.identity_records import IdentityRecords

LARGEST_IDENTITY_FILE: Final = 64 * 2**20
"""Bytes: about a million records. Beyond it, parsing would take minutes and gigabytes."""

_SETTLED_NS: Final = 2 * 10**9


@attrs.frozen
class _Kept:
    stamp: FileStamp
    records: IdentityRecords


class FileHpcUsers:
    """Projects and users of one YAML or JSON file (see `identity_records` for its form).

    The parsed file is kept until the file changes, so a warm look-up costs one `stat`. A file
    that became unreadable is an `UpstreamServiceError` with name and position: the ids of before
    are not served, since somebody may just be correcting one. `reads` counts how often the file
    was parsed.
    """

    def __init__(self, path: Path, *, largest_file: int = LARGEST_IDENTITY_FILE) -> None:
        self._file = SourceFile("HPC users", path, largest_file)
        self._kept: _Kept | None = None
        self._reading = asyncio.Lock()
        self.reads = 0

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up GIDs; who asks for nothing gets nothing, without the file being touched."""
        return (await self._records()).gids(projects) if projects else GidLookup({})

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users, likewise."""
        return (await self._records()).users(usernames) if usernames else UserLookup({})

    async def _records(self) -> IdentityRecords:
        async with self._reading:  # one reader, however many wait
            return await asyncio.to_thread(self._current)

    def _current(self) -> IdentityRecords:
        kept = self._kept
        if kept and kept.stamp == self._file.stamp():
            return kept.records
        content, stamp = self._file.read()
        self.reads += 1
        records = IdentityRecords.of(read_tree(self._file, content), self._file)
        # A clock tick of a file system takes milliseconds, on some mounts two seconds: a file
        # that is younger could change once more and keep its stamp.
        settled = time.time_ns() - stamp.modified > _SETTLED_NS
        self._kept = _Kept(stamp, records) if settled else None
        return records


_: type[HpcUsers] = FileHpcUsers
