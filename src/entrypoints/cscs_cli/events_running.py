"""Work on usage events in this process: the wired service, checked before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cscs_bootstrap.events_service import EventsService, events_service
from cscs_bootstrap.settings import Settings
from cscs_cli.interrupting import sigterm_like_ctrl_c

T = TypeVar("T")


def with_events(settings: Settings, work: Callable[[EventsService], Awaitable[T]]) -> T:
    """Do this with the service and let go of it, whatever happens; Ctrl-C and SIGTERM end it.

    Raises `OutdatedStoreError` with the command that mends it, `StoreUnavailableError`, and what
    the work raises.
    """

    async def run() -> T:
        async with events_service(settings) as service:
            await service.store.check()
            return await work(service)

    with sigterm_like_ctrl_c():
        return asyncio.run(run())
