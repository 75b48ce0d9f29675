"""Transactions of SQLite, which lets one write at a time: who waits meanwhile shares the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeVar

import attrs
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_sql.availability import telling_unavailability
from cscs_sql.database_urls import writing_async

_Result = TypeVar("_Result")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[_Result]]

_MOST_AT_ONCE: Final = 32


@attrs.frozen(eq=False)
class _Waiting:
    """Work, and where its caller waits for the end of it."""

    work: Work[Any]
    future: asyncio.Future[Any]

    def end(self, outcome: _Outcome) -> None:
        if self.future.done():
            return
        if isinstance(outcome, _Failed):
            self.future.set_exception(outcome.error)
        else:
            self.future.set_result(outcome.value)


@attrs.frozen
class _Done:
    value: Any


@attrs.frozen
class _Failed:
    error: BaseException


_Outcome: TypeAlias = _Done | _Failed


class SharedTransactions:
    """A commit costs SQLite more than a batch, so one commit serves all that wait for it.

    Each work is a savepoint: one that fails takes nothing of its neighbours along. Nobody is told
    of success before the commit. Who waits holds no connection and does not time out.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = writing_async(engine)
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing, on what was there at its beginning."""
        with telling_unavailability():
            async with self._engine.connect() as connection, connection.begin():
                return await work(connection)

    async def write(self, work: Work[_Result]) -> _Result:
        """Do work in one of the next transactions; who is cancelled before it begins, has none."""
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await future

    async def close(self) -> None:
        """Wait, and let go."""
        if self._writer is not None:
            await self._writer
        await self._engine.dispose()

    async def _write_all(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), _MOST_AT_ONCE)
            taken = [self._waiting.popleft() for _ in range(count)]
            await self._write_together([one for one in taken if not one.future.done()])

    async def _write_together(self, group: list[_Waiting]) -> None:
        try:
            with telling_unavailability():
                async with self._writing.begin() as connection:
                    outcomes = [await _attempt(connection, waiting.work) for waiting in group]
        except BaseException as error:
            for waiting in group:
                waiting.end(_Failed(error))
            if not isinstance(error, Exception):
                raise
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                waiting.end(outcome)


async def _attempt(connection: AsyncConnection, work: Work[Any]) -> _Outcome:
    try:
        async with connection.begin_nested():
            return _Done(await work(connection))
    except DBAPIError as error:
        # A broken rule concerns these rows alone; anything else concerns the transaction.
        if not isinstance(error, IntegrityError):
            raise
        return _Failed(error)
    except Exception as error:  # noqa: BLE001 - it is raised to the caller of this work
        return _Failed(error)
