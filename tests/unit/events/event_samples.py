"""The samples of the contract, and one of them to be spoilt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from cscs_domain.events.event import DEFAULT_SOURCES, ResourceUsageEvent
from cscs_domain.events.event_wire import event_from_wire
from cscs_domain.events.field_errors import MalformedEventError

DATA: Final = Path(__file__).parents[2] / "data" / "events"

Wire = dict[str, Any]
"""A decoded event that a test looks into, or is about to spoil: any JSON."""


def sample_bytes() -> bytes:
    """The batch of the contract as it is sent."""
    return (DATA / "usage_events_batch.json").read_bytes()


def sample_wires() -> list[Wire]:
    """Its events."""
    events: list[Wire] = json.loads(sample_bytes())["events"]
    return events


def invalid_wires() -> dict[str, Wire]:
    """The events of the contract that are refused by somebody, by what is wrong with them."""
    cases = json.loads((DATA / "usage_events_invalid.json").read_bytes())["cases"]
    return {case["why"]: case["event"] for case in cases}


def wire(**members: object) -> Wire:
    """The first event of the batch with some members replaced."""
    return sample_wires()[0] | members


def without(name: str) -> Wire:
    """The same without a member."""
    made = wire()
    del made[name]
    return made


def read(value: object) -> ResourceUsageEvent:
    """An event of one of the default sources."""
    return event_from_wire(value, sources=DEFAULT_SOURCES)


def errors_of(value: object) -> list[str]:
    """Why a value is no event, in sentences."""
    with pytest.raises(MalformedEventError) as caught:
        read(value)
    return list(map(str, caught.value.errors))
