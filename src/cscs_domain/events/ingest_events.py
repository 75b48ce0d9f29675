"""Take a batch of events in: give ids, find out whose they are, store both together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.stored import LinkedEvent, Receipt, StoreOutcome

if TYPE_CHECKING:
    from cscs_domain.ports import Directory, UsageEventStore


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
    book = known.book
    linked = [
        LinkedEvent(event_id=event_id_of(event), event=event, link=link(event, book))
        for event in events
    ]
    return await store.store(linked, at=at, receipt=receipt)
