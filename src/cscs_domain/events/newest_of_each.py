"""One event of each key, before a batch goes into a store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cscs_domain.events.stored import LinkedEvent


def newest_of_each(events: Iterable[LinkedEvent]) -> list[LinkedEvent]:
    """Of each key the event that was collected last (of equally new ones the first), by key.

    The order of keys is the same in every batch, so that writers who lock rows one by one never
    wait for each other in a circle.
    """
    # Plain pairs sort as `EventKey` does, and sixteen times as fast.
    newest: dict[tuple[datetime, int], LinkedEvent] = {}
    for linked in events:
        key = linked.event.time_window_start, linked.event_id.int
        known = newest.setdefault(key, linked)
        if linked.event.collected_at > known.event.collected_at:
            newest[key] = linked
    return [newest[key] for key in sorted(newest)]
