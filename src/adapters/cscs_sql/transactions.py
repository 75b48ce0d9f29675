"""Transactions of the store: done as a whole or not at all, also if the caller goes away."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_sql.availability import may_be_repeated, telling_unavailability
from cscs_sql.shared_transactions import SharedTransactions, Work

_Result = TypeVar("_Result")

_ATTEMPTS: Final = 3


class Transactions(Protocol):
    """Runs work on connections of one engine. Raises `StoreUnavailableError`."""

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing. Ends with its caller."""

    async def write(self, work: Work[_Result]) -> _Result:
        """Do work as a whole, and make it durable. It may be run several times.

        A caller that is cancelled leaves what has begun running to its end: nothing is left half
        done, and no connection is given back in the middle of a statement.
        """

    async def close(self) -> None:
        """Wait for what is being written, and let go of every connection."""


def transactions_of(engine: AsyncEngine) -> Transactions:
    """How this database likes it."""
    return (
        SharedTransactions(engine) if engine.dialect.name == "sqlite" else OwnTransactions(engine)
    )


class OwnTransactions:
    """A transaction and a connection for each, as databases of servers like it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing."""
        with telling_unavailability():
            async with self._engine.connect() as connection, connection.begin():
                return await work(connection)

    async def write(self, work: Work[_Result]) -> _Result:
        """Do work, again if another transaction was in its way."""
        task = asyncio.ensure_future(self._write(work))
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait, and let go."""
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self._engine.dispose()

    async def _write(self, work: Work[_Result]) -> _Result:
        with telling_unavailability():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return await self._write_once(work)
                except DBAPIError as error:
                    if not may_be_repeated(error):
                        raise
            return await self._write_once(work)

    async def _write_once(self, work: Work[_Result]) -> _Result:
        async with self._engine.begin() as connection:
            return await work(connection)
