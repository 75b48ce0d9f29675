"""What readiness says of usage events: whether their store can be used now. No secrets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.settings import Settings
from cscs_domain.errors import OutdatedStoreError, UpstreamServiceError

PATIENCE: Final = timedelta(seconds=5)
"""How long a store may take that is to be called usable."""


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
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await events.store.check()
    except TimeoutError:
        return "the event store takes too long to answer"
    except UpstreamServiceError as error:
        return f"{error.service} cannot be reached"
    except OutdatedStoreError as error:
        return str(error)
    return None
