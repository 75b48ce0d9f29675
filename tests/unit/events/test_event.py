"""Events made in Python: the same rules as for those that are sent."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.event import (
    EventIdentity,
    Granularity,
    Measure,
    ResourceUsageEvent,
)
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.metrics import ResourceUsageMetrics
from tests.unit.events.event_samples import read

START = datetime(2025, 11, 18, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def event(**members: Any) -> ResourceUsageEvent:
    usual: dict[str, Any] = {
        "source": "pbs",
        "time_window_start": START,
        "time_window_end": START + DAY,
        "collected_at": START + DAY,
        "metrics": ResourceUsageMetrics(cpu_time_seconds=7),
    }
    return ResourceUsageEvent(**(usual | members))


def test_an_event_needs_little() -> None:
    made = event()

    assert made.context == {}
    assert made.extra is None
    assert made.identities == ()
    assert made.project_slug is None
    assert made.measure is Measure.DELTA
    assert made.granularity is None
    assert read(event_to_wire(made)) == made


def test_times_are_kept_in_utc() -> None:
    zurich = timezone(timedelta(hours=1))

    made = event(time_window_start=datetime(2025, 11, 19, tzinfo=zurich))

    assert made == event()
    assert made.time_window_start.tzinfo is UTC


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, _moment: datetime | None) -> None:
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2025, 11, 19), "has no offset from UTC"),  # noqa: DTZ001
        (datetime(2025, 11, 19, tzinfo=Nowhere()), "has no offset from UTC"),
        (datetime(1, 1, 1, tzinfo=timezone(DAY / 2)), "is no time that can be"),
        (datetime(1999, 12, 31, tzinfo=UTC), "must be from 2000"),
        (datetime(2100, 1, 2, tzinfo=UTC), "must be from 2000"),
    ],
)
def test_a_time_without_zone_or_out_of_range_is_refused(moment: datetime, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        event(collected_at=moment)


def test_a_window_ends_after_it_begins() -> None:
    with pytest.raises(InvalidValueError, match="must be after time_window_start"):
        event(time_window_end=START)


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"source": ""}, "source"),
        ({"source": "s" * 256}, "source"),
        ({"source": "pbs\r"}, "source"),
        ({"schema_version": "1\t0"}, "schema_version"),
        ({"schema_version": None}, "schema_version"),
        ({"project_slug": "a\0b"}, "project_slug"),
        ({"context": {"projectTitle": "t" * 256}}, "context.projectTitle"),
        ({"identities": [EventIdentity("a", "b")] * 101}, "identities"),
        ({"context": {"now": START}}, "context.now"),
        ({"context": ["project"]}, "context or extra"),
        ({"extra": "final"}, "context or extra"),
        ({"extra": {"a": [2**64]}}, "extra.a.0"),
        ({"extra": {"event_id": "4711"}}, "extra.event_id"),
        ({"extra": {"event_id": 4711}}, "extra.event_id"),
        ({"extra": {"event_id": "{87686734-0fc6-56c5-b36e-b0e4d13556cc}"}}, "extra.event_id"),
        ({"extra": {"measure": "Delta"}}, "extra.measure"),
        ({"extra": {"measure": ["delta"]}}, "extra.measure"),
        ({"extra": {"granularity": True}}, "extra.granularity"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_no_store_could_keep_is_refused(members: Mapping[str, object], what: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        event(**members)
    assert caught.value.what == what
    assert " must " in str(caught.value)


@pytest.mark.parametrize(
    "text", ["87686734-0fc6-56c5-b36e-b0e4d13556cc", "876867340FC656C5B36EB0E4D13556CC"]
)
def test_an_id_may_be_given_with_or_without_dashes(text: str) -> None:
    assert event(extra={"event_id": text}).extra == {"event_id": text}


def test_what_extra_says_is_understood() -> None:
    made = event(extra={"measure": "total", "granularity": Granularity.JOB, "event_id": None})

    assert made.measure is Measure.TOTAL
    assert made.granularity is Granularity.JOB
    assert event(extra={"measure": None}).measure is Measure.DELTA


def test_the_project_of_the_context_is_found_as_it_is_when_events_are_read() -> None:
    made = event(project_slug=" ", context={"project": " g207 "})

    assert made.project_slug == "g207"
    assert attrs.evolve(made, project_slug=None) == made
    assert event(project_slug="other ", context={"project": "g207"}).project_slug == "other"


def test_any_mapping_becomes_an_object_that_can_be_written() -> None:
    made = event(context=MappingProxyType({"queue": "q"}), extra=MappingProxyType({}))

    assert type(event_to_wire(made)["context"]) is dict
    assert copy.deepcopy(made) == made


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("", "v"), "scheme"),
        (("s\n", "v"), "scheme"),
        (("\x1b[2J", "v"), "scheme"),
        (("s\x85", "v"), "scheme"),
        (("s", ""), "value"),
        (("s", "\ud800"), "value"),
        (("s", "v" * 1025), "value"),
        (("s", "v", "a" * 1025), "authority"),
    ],
)
def test_an_identity_has_a_scheme_and_a_value(arguments: tuple[str, ...], what: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        EventIdentity(*arguments)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "must not be less than 0"),
        (2**63, "must not be greater than"),
        (1.0, "must be an integer number"),
        (True, "must be an integer number"),
    ],
)
def test_a_metric_is_a_whole_number(value: Any, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        ResourceUsageMetrics(cpu_time_seconds=1, vcpus_allocated=value)
