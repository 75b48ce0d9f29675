"""Transactions of the store: done as a whole or not at all, also if the caller goes away."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_sql.availability import may_be_repeated
from cscs_sql.shared_transactions import SharedTransactions
from cscs_sql.store_guard import StoreGuard, Work

_Result = TypeVar("_Result")

PATIENCE: Final = 30
"""Seconds that the end waits for what is being written, and again for it to be broken off."""
_ATTEMPTS: Final = 3


class Transactions(Protocol):
    """Runs work on connections of one engine.

    Raises `StoreUnavailableError`, and `OutdatedStoreError` for tables that are not ours.
    """

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing. Ends with its caller."""

    async def write(self, work: Work[_Result], *, asks_itself: bool = False) -> _Result:
        """Do work as a whole, and make it durable. It may be run several times.

        The guard is asked before. Work that `asks_itself`, by the way, saves a round trip where
        there are any.

        A caller that is cancelled leaves what has begun running to its end: nothing is left half
        done, and no connection is given back in the middle of a statement.
        """

    async def close(self) -> None:
        """Wait for what is being written, within bounds, and let go of every connection."""


def transactions_of(engine: AsyncEngine, guard: StoreGuard) -> Transactions:
    """How this database likes it."""
    kind = SharedTransactions if engine.dialect.name == "sqlite" else OwnTransactions
    return kind(engine, guard)


class OwnTransactions:
    """A transaction and a connection for each, as databases of servers like it."""

    def __init__(
        self, engine: AsyncEngine, guard: StoreGuard, *, patience: float = PATIENCE
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._patience = patience
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing."""
        async with (
            self._guard.explaining(),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            return await work(connection)

    async def write(self, work: Work[_Result], *, asks_itself: bool = False) -> _Result:
        """Do work, again if another transaction was in its way."""
        task = asyncio.ensure_future(self._write(work, asks_itself))
        self._unfinished.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            # Looked at, or else the log would tell of it where the caller has gone away.
            task.exception()

    async def close(self) -> None:
        """Wait for some time, and let go: a server may be gone without a word."""
        for _ in range(2):
            if self._unfinished:
                await asyncio.wait(self._unfinished, timeout=self._patience)
            for late in self._unfinished:
                late.cancel()
        await self._engine.dispose()

    async def _write(self, work: Work[_Result], asks_itself: bool) -> _Result:
        async with self._guard.explaining():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return await self._write_once(work, asks_itself)
                except DBAPIError as error:
                    if not may_be_repeated(error):
                        raise
            return await self._write_once(work, asks_itself)

    async def _write_once(self, work: Work[_Result], asks_itself: bool) -> _Result:
        async with self._engine.begin() as connection:
            if not asks_itself:
                await self._guard.hold(connection)
            return await work(connection)
