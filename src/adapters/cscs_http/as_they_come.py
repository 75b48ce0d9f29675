"""Several requests at once, but not too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

_A = TypeVar("_A")
_T = TypeVar("_T")


async def as_they_come(
    arguments: Iterable[_A], fetch: Callable[[_A], Awaitable[_T]], at_once: int
) -> AsyncGenerator[_T, None]:
    """Results in the order in which they are ready; no more than `at_once` are under way.

    The first error ends it; what is under way then is cancelled.
    """
    waiting = iter(arguments)
    running: set[asyncio.Future[_T]] = set()
    try:
        while True:
            free = at_once - len(running)
            running |= {asyncio.ensure_future(fetch(each)) for each in islice(waiting, free)}
            if not running:
                return
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                result = task.result()
                running.remove(task)
                yield result
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
