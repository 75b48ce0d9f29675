"""What readiness says of usage events: whether store and directory can be used. No secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.settings import Settings
from cscs_domain.errors import OutdatedStoreError, UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery

PATIENCE: Final = timedelta(seconds=5)
"""How long each may take that is to be called usable."""
_BROKEN: Final = "must be mended first"


async def events_state(
    settings: Settings, events: EventsService, *, patience: timedelta = PATIENCE
) -> tuple[str, dict[str, object]]:
    """A word, and what is configured, with what is wrong with it."""
    failure = await _failure(events, patience)
    adapters = settings.adapters
    details: dict[str, object] = {
        "adapters": {"events": adapters.events.kind, "directory": adapters.directory.kind},
        "sources": list(events.sources),
        "collectors": len(events.collector_keys.names),
        "failure": failure,
    }
    return "ready" if failure is None else "failing", details


async def _failure(events: EventsService, patience: timedelta) -> str | None:
    # The store first: without it nothing else matters.
    return await _failure_of(events.store.check(), "the event store", patience) or (
        await _failure_of(events.directory.find(DirectoryQuery()), "the directory", patience)
    )


async def _failure_of(asking: Awaitable[object], what: str, patience: timedelta) -> str | None:
    """What is wrong, without addresses and paths: anybody may ask. The log has the reason."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await asking
    except TimeoutError:
        return f"{what} takes too long to answer"
    except UpstreamServiceError as error:
        return f"{error.service} " + ("cannot be reached" if error.retryable else _BROKEN)
    except OutdatedStoreError as error:
        return f"{what} {_BROKEN}; run: {error.remedy}"
    return None
