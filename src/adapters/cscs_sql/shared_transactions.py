"""Transactions of SQLite, which lets one write at a time: who waits meanwhile shares the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy.ext.asyncio import AsyncEngine

from cscs_domain.errors import StoreUnavailableError
from cscs_sql.availability import telling_unavailability
from cscs_sql.database_urls import writing_async
from cscs_sql.store_guard import StoreGuard, Work

_Result = TypeVar("_Result")

_MOST_AT_ONCE: Final = 32


@attrs.frozen(eq=False)
class _Waiting:
    """Work, and where its caller waits for the end of it."""

    work: Work[Any]
    future: asyncio.Future[Any]

    def succeed(self, value: Any) -> None:
        if not self.future.done():
            self.future.set_result(value)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class SharedTransactions:
    """A commit costs SQLite more than a batch, so one commit serves all that wait for it.

    If one work fails, all of them are undone and run again, each in a transaction of its own: that
    is rare, and savepoints would cost everybody. Nobody is told of success before the commit. Who
    waits holds no connection and does not time out.
    """

    def __init__(self, engine: AsyncEngine, guard: StoreGuard) -> None:
        self._engine = engine
        self._guard = guard
        self._writing = writing_async(engine)
        self._waiting: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def read(self, work: Work[_Result]) -> _Result:
        """Do work that changes nothing, on what was there at its beginning."""
        async with (
            self._guard.explaining(),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            return await work(connection)

    async def write(self, work: Work[_Result], *, asks_itself: bool = False) -> _Result:
        """Do work in one of the next transactions; who is cancelled before it begins, has none.

        The guard is asked once for all that share it, whatever they ask themselves.
        """
        del asks_itself
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
            group = [waiting for waiting in taken if not waiting.future.done()]
            try:
                if len(group) > 1 and await self._write_together(group):
                    continue
                for waiting in group:
                    await self._write_alone(waiting)
            except StoreUnavailableError as error:
                # The others would wait as long as this one has, and learn the same.
                for waiting in (*group, *self._waiting):
                    waiting.fail(error)
                self._waiting.clear()

    async def _write_together(self, group: Sequence[_Waiting]) -> bool:
        """Whether that is done; if not, nothing has been. Raises `StoreUnavailableError`."""
        try:
            with telling_unavailability():
                async with self._writing.begin() as connection:
                    await self._guard.hold(connection)
                    values = [await waiting.work(connection) for waiting in group]
        except StoreUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - whose error it is comes out when each is alone
            return False
        for waiting, value in zip(group, values, strict=True):
            waiting.succeed(value)
        return True

    async def _write_alone(self, waiting: _Waiting) -> None:
        """Raises `StoreUnavailableError`."""
        try:
            async with self._guard.explaining(), self._writing.begin() as connection:
                await self._guard.hold(connection)
                value = await waiting.work(connection)
        except StoreUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the work came from
            waiting.fail(error)
        else:
            waiting.succeed(value)
