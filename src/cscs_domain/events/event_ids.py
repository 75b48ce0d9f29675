"""Ids by which events sent twice are known. Source: DESIGN section 5."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.utc_times import utc_text

__all__ = ["event_id_of", "usage_event_id", "utc_text"]


def usage_event_id(
    *, source: str, cluster: str, native_id: str, run: int, start: datetime, end: datetime
) -> UUID:
    """The id of what one run of a job or instance used in one window.

    `cluster` is the configured name (of OpenStack its region); `native_id` is the whole id that
    also stands in `extra.job_id` (of PBS with its server, `4004[3].pbs1.example.org`; of OpenStack
    the server's uuid); `run` the PBS run number, Slurm's start as epoch seconds, 1 for OpenStack.
    """
    window = f"{utc_text(start)}|{utc_text(end)}"
    return uuid5(NAMESPACE_URL, f"usage|{source}|{cluster}|{native_id}|{run}|{window}")


def event_id_of(event: ResourceUsageEvent) -> UUID:
    """The id in `extra`, or else one made of the content without `collected_at`."""
    given = None if event.extra is None else event.extra.get("event_id")
    if given is not None:
        return UUID(str(given))
    wire = event_to_wire(event)
    del wire["collected_at"]
    text = json.dumps(wire, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return uuid5(NAMESPACE_URL, text)
