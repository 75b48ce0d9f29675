"""The directory in tables of the database, kept in memory while nobody loads another one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import attrs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_domain.errors import UpstreamServiceError
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

_PAUSE_SECONDS: Final = 1.0
"""Between two readings, however often the directory is loaded or cannot be read."""

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
    the one that was loaded last. Nobody waits for it to be read: that is done beside, and until
    then the tables are asked as by `SqlDirectory`. So are tables without a version, which
    `load_directory` has never filled. For programs that run on. `reads` counts how often all of it
    was read.
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
        self._reading: asyncio.Task[None] | None = None
        self._begun_at: float | None = None
        self.reads = 0

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """Everything that the query names, and usually all the rest."""
        with telling_trouble():
            async with self._at_once.connect() as connection:
                version = await connection.scalar(_VERSION)
        kept = self._kept
        is_another = kept is None or kept.version != version
        if version is not None and (is_another or self._is_old(kept)):
            self._begin_reading()
        if kept is None or is_another or kept.known is None:
            return await self._asked.find(query)
        return kept.known

    @property
    def is_reading(self) -> bool:
        """Whether a reading is under way."""
        return self._reading is not None and not self._reading.done()

    async def settle(self) -> None:
        """Wait for the end of a reading that is under way."""
        if self._reading is not None:
            await asyncio.shield(self._reading)

    async def close(self) -> None:
        """Let go of every connection, and of the directory."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self._kept = None
        await self._asked.close()

    def _is_old(self, kept: _Kept | None) -> bool:
        return kept is not None and self._now() - kept.read_at >= OLDEST_SECONDS

    def _begin_reading(self) -> None:
        """Read beside whoever asks: one reading at a time, and not without a pause."""
        if self.is_reading:
            return
        now = self._now()
        if self._begun_at is not None and now - self._begun_at < _PAUSE_SECONDS:
            return
        self._begun_at = now
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        # Whatever is wrong is told to those whose batches need it, by the tables themselves.
        with suppress(UpstreamServiceError), telling_trouble():
            read_at = self._now()
            async with self._engine.connect() as connection:
                version = await connection.scalar(_VERSION)
                if version is None:
                    return
                is_small = await _size(connection) <= self._most
                known = await _everything(connection) if is_small else None
            self.reads += is_small
            self._kept = _Kept(version, read_at, known)


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
