"""Take a batch of events in: give ids, find out whose they are, store both together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.stored import LinkedEvent, Receipt, StoreOutcome

if TYPE_CHECKING:
    from cscs_domain.ports import Directory, UsageEventStore

_AT_ONCE: Final = 500
"""Events that are linked in one go: some milliseconds."""


async def ingest_events(
    events: Sequence[ResourceUsageEvent],
    *,
    store: UsageEventStore,
    directory: Directory,
    at: datetime,
    receipt: Receipt | None = None,
) -> StoreOutcome:
    """Store the events with their links; when this returns, they are durable.

    Raises `UpstreamServiceError` if the directory or the store (`StoreUnavailableError`) cannot be
    asked, and `ReusedKeyError` for a receipt that stands for another batch. To call it again with
    the same events is always safe.
    """
    known = await directory.find(wanted_by(events))
    linked = await _link_all(events, known.book)
    return await store.store(linked, at=at, receipt=receipt)


async def _link_all(events: Sequence[ResourceUsageEvent], book: LinkBook) -> list[LinkedEvent]:
    """Give ids and links; between some events others get a turn, since batches may be large."""
    linked: list[LinkedEvent] = []
    for first in range(0, len(events), _AT_ONCE):
        if first:
            await asyncio.sleep(0)
        linked += (
            LinkedEvent(event_id=event_id_of(event), event=event, link=link(event, book))
            for event in events[first : first + _AT_ONCE]
        )
    return linked
