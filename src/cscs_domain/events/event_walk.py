"""Walking through stored events in the order of their keys, a chunk at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final

from cscs_domain.events.stored import EventFilter, EventKey, StoredEvent

if TYPE_CHECKING:
    from cscs_domain.ports import UsageEventStore

CHUNK: Final = 500
"""Events read at once."""


async def chunks_of(
    store: UsageEventStore, wanted: EventFilter, *, size: int = CHUNK
) -> AsyncIterator[Sequence[StoredEvent]]:
    """All events that are wanted, each once, however they change meanwhile; no chunk is empty."""
    after: EventKey | None = None
    while chunk := await store.page(wanted, after=after, limit=size):
        yield chunk
        if len(chunk) < size:
            return
        after = chunk[-1].key
