"""Blocking work in threads that is never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from threading import Event
from typing import TypeVar

_T = TypeVar("_T")


async def in_thread(call: Callable[[], _T], *, stopped: Event | None = None) -> _T:
    """What the call returns, from a thread of its own.

    If the caller is cancelled, `stopped` is set, and the caller goes on only when the thread has
    ended: what comes next may rely on nothing being changed behind its back.
    """
    loop = asyncio.get_running_loop()
    # Not a task, which would be cancelled with all others when the loop ends.
    work = loop.run_in_executor(None, copy_context().run, call)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        if stopped is not None:
            stopped.set()
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        work.exception()  # somebody has to look at it; being cancelled is what the caller hears
        raise
