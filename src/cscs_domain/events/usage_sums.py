"""Sums of usage. Source: usage events contract, sections 5 and 6.2; DESIGN section 5; ADR 0023.

Processor time adds up. Memory and storage are gauges, which do not: they add up as byte-seconds,
what was held times how long.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Self

import attrs

from cscs_domain.events.event import Granularity, Measure, ResourceUsageEvent

_SECOND: Final = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class UsageSums:
    """Exact sums over events. Seconds and byte-seconds; `not_summed` counts events of totals."""

    events: int = 0
    cpu_seconds: int = 0
    gpu_seconds: int = 0
    walltime_seconds: int = 0
    ram_byte_seconds: int = 0
    storage_byte_seconds: int = 0
    not_summed: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            events=self.events + other.events,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            gpu_seconds=self.gpu_seconds + other.gpu_seconds,
            walltime_seconds=self.walltime_seconds + other.walltime_seconds,
            ram_byte_seconds=self.ram_byte_seconds + other.ram_byte_seconds,
            storage_byte_seconds=self.storage_byte_seconds + other.storage_byte_seconds,
            not_summed=self.not_summed + other.not_summed,
        )


NOTHING_USED: Final = UsageSums()


def sums_of(event: ResourceUsageEvent) -> UsageSums:
    """What one event adds. Of totals nothing but that there is one."""
    if event.measure is Measure.TOTAL:
        return UsageSums(events=1, not_summed=1)
    used, held = event.metrics, held_seconds(event)
    return UsageSums(
        events=1,
        cpu_seconds=used.cpu_time_seconds,
        gpu_seconds=used.gpu_time_seconds or 0,
        walltime_seconds=used.walltime_used or 0,
        ram_byte_seconds=(used.ram_bytes_allocated or 0) * held,
        storage_byte_seconds=(used.storage_bytes_allocated or 0) * held,
    )


def held_seconds(event: ResourceUsageEvent) -> int:
    """How long memory and storage were held inside the window.

    The wall time in it. A project as a whole has none, and holds what it holds all the time; a job
    without any has not run yet.
    """
    if event.metrics.walltime_used is not None:
        return event.metrics.walltime_used
    if event.granularity is Granularity.PROJECT:
        return (event.time_window_end - event.time_window_start) // _SECOND
    return 0


def sum_events(events: Iterable[ResourceUsageEvent]) -> UsageSums:
    """The sums over events."""
    return sum(map(sums_of, events), NOTHING_USED)
