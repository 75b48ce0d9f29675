"""The directory in tables of the database, kept in memory while nobody loads another one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import attrs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.ports import Directory
from cscs_sql.database_urls import seeing_one_moment
from cscs_sql.directory import SqlDirectory, telling_trouble
from cscs_sql.directory_rows import (
    ALLOCATIONS,
    PROJECTS,
    REQUESTS,
    USERS,
    allocation_of,
    project_of,
    request_of,
    user_of,
)
from cscs_sql.facts import DIRECTORY_VERSION
from cscs_sql.schema import (
    directory_allocations,
    directory_openstack_requests,
    directory_projects,
    directory_users,
    facts,
)

MOST_REMEMBERED: Final = 300_000
"""Records; a larger directory is asked for what each batch needs."""
OLDEST_SECONDS: Final = 300.0
"""After these it is read again, should somebody have changed the tables by other means."""

_TABLES: Final = (
    directory_users,
    directory_projects,
    directory_allocations,
    directory_openstack_requests,
)
_VERSION: Final = select(facts.c.value).where(facts.c.name == DIRECTORY_VERSION)


@attrs.frozen
class _Kept:
    """A directory as it was loaded, and when it was read; None if it is too large to be kept."""

    version: str
    read_at: float
    known: KnownDirectory | None


class RememberedDirectory:
    """Answers with the whole directory, after one small statement that tells whether it is still
    the one that was loaded last. Tables that were never filled by `load_directory` have no version
    and are asked every time, as by `SqlDirectory`. `reads` counts how often all of it was read.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        most: int = MOST_REMEMBERED,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked = SqlDirectory(engine)
        self._engine = seeing_one_moment(engine)
        self._at_once = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._most = most
        self._now = now
        self._kept: _Kept | None = None
        self._reading = asyncio.Lock()
        self.reads = 0

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """Everything that the query names, and usually all the rest."""
        with telling_trouble():
            async with self._at_once.connect() as connection:
                version = await connection.scalar(_VERSION)
            kept = None if version is None else await self._current(version)
        if kept is None or kept.known is None:
            return await self._asked.find(query)
        return kept.known

    async def close(self) -> None:
        """Let go of every connection, and of the directory."""
        self._kept = None
        await self._asked.close()

    async def _current(self, version: str) -> _Kept | None:
        if self._is_current(version):
            return self._kept
        async with self._reading:  # one reader, however many wait
            if not self._is_current(version):
                self._kept = await self._read()
            return self._kept

    def _is_current(self, version: str) -> bool:
        kept = self._kept
        if kept is None or kept.version != version:
            return False
        return self._now() - kept.read_at < OLDEST_SECONDS

    async def _read(self) -> _Kept | None:
        began = self._now()
        async with self._engine.connect() as connection:
            version = await connection.scalar(_VERSION)
            if version is None:
                return None
            if await _size(connection) > self._most:
                return _Kept(version, began, None)
            self.reads += 1
            return _Kept(version, began, await _everything(connection))


async def _size(connection: AsyncConnection) -> int:
    sizes = [await connection.scalar(select(func.count()).select_from(one)) for one in _TABLES]
    return sum(size or 0 for size in sizes)


async def _everything(connection: AsyncConnection) -> KnownDirectory:
    users = (await connection.execute(USERS)).all()
    projects = (await connection.execute(PROJECTS)).all()
    allocations = (await connection.execute(ALLOCATIONS)).all()
    requests = (await connection.execute(REQUESTS)).all()

    def known() -> KnownDirectory:
        directory = KnownDirectory(
            users=tuple(map(user_of, users)),
            projects=tuple(map(project_of, projects)),
            allocations=tuple(map(allocation_of, allocations)),
            openstack_requests=tuple(map(request_of, requests)),
        )
        directory.book  # noqa: B018 - made here, and not by whoever asks first
        return directory

    return await asyncio.to_thread(known)


_: type[Directory] = RememberedDirectory
