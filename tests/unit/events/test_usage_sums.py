"""What one event adds to sums."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.usage_sums import UsageSums, held_seconds, sum_events, sums_of
from tests.events_site import an_event

PROJECT = {"granularity": "project"}
TOTAL = {"measure": "total"}


def test_times_are_added_and_what_was_held_is_multiplied() -> None:
    event = an_event(cpu=10, gpu=3, walltime=5, ram=7, storage=11)

    assert sums_of(event) == UsageSums(
        events=1,
        cpu_seconds=10,
        gpu_seconds=3,
        walltime_seconds=5,
        ram_byte_seconds=35,
        storage_byte_seconds=55,
    )


@pytest.mark.parametrize(
    ("walltime", "extra", "expected"),
    [
        (5, None, 5),
        (0, PROJECT, 0),
        (None, None, 0),
        (None, {"granularity": "job"}, 0),
        (None, {"granularity": "instance"}, 0),
        (None, PROJECT, 5400),
    ],
)
def test_memory_is_held_for_the_wall_time_and_by_projects_all_the_time(
    walltime: int | None, extra: Mapping[str, object] | None, expected: int
) -> None:
    event = an_event(walltime=walltime, ram=2, extra=extra, hours=1.5)

    assert held_seconds(event) == expected
    assert sums_of(event).ram_byte_seconds == 2 * expected


def test_totals_add_nothing_but_that_there_is_one() -> None:
    event = an_event(cpu=10, gpu=3, walltime=5, ram=7, storage=11, extra=TOTAL)

    assert sums_of(event) == UsageSums(events=1, not_summed=1)


@pytest.mark.parametrize("events", [[], [an_event()], [an_event(cpu=2), an_event(extra=TOTAL)]])
def test_sums_of_several_are_the_sums_of_each(events: list[ResourceUsageEvent]) -> None:
    expected = UsageSums()
    for event in events:
        expected += sums_of(event)

    assert sum_events(events) == expected


def test_sums_know_no_largest_number() -> None:
    most = 2**63 - 1
    event = an_event(cpu=most, walltime=most, ram=most)

    assert sum_events([event] * 3).ram_byte_seconds == 3 * most**2
