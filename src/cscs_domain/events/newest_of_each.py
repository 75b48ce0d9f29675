"""One event of each key, before a batch goes into a store."""

from __future__ import annotations

from collections.abc import Iterable

from cscs_domain.events.stored import EventKey, LinkedEvent


def newest_of_each(events: Iterable[LinkedEvent]) -> list[LinkedEvent]:
    """Of each key the event that was collected last (of equally new ones the first), by key.

    The order of keys is the same in every batch, so that writers who lock rows one by one never
    wait for each other in a circle.
    """
    newest: dict[EventKey, LinkedEvent] = {}
    for linked in events:
        known = newest.setdefault(linked.key, linked)
        if linked.event.collected_at > known.event.collected_at:
            newest[linked.key] = linked
    return [newest[key] for key in sorted(newest)]
