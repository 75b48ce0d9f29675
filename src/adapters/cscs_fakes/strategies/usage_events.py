"""Usage events: valid ones, the same as collectors send them, and what must never be believed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.events.bounds import EARLIEST, LARGEST_COUNT, LATEST
from cscs_domain.events.event import (
    DEFAULT_SOURCES,
    EventIdentity,
    Granularity,
    Measure,
    ResourceUsageEvent,
)
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_fakes.strategies.text import json_values, safe_slugs, uuid_texts

Wire: TypeAlias = dict[str, object]

_SCHEMES: Final = ("oidc_sub", "user_email", "perun_username", "perun_user", "another")
_MICROSECOND: Final = timedelta(microseconds=1)
_NAMES_OF_PROJECTS: Final = ("project", "project_slug", "projectTitle", "project_name")


@cache
def kept_text(min_size: int = 0, max_size: int = 20) -> SearchStrategy[str]:
    """Text that every store can keep: no NUL, no half of a surrogate pair."""
    letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(letters, min_size=min_size, max_size=max_size)


@cache
def kept_json() -> SearchStrategy[Wire]:
    """Objects that every store can keep."""
    numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    leaves = st.none() | st.booleans() | numbers | kept_text()
    values = st.recursive(leaves, _nested, max_leaves=4)
    return st.dictionaries(kept_text(), values, max_size=4)


def _nested(values: SearchStrategy[object]) -> SearchStrategy[object]:
    return st.lists(values, max_size=3) | st.dictionaries(kept_text(), values, max_size=3)


@cache
def moments() -> SearchStrategy[datetime]:
    """Times with all kinds of offsets that may stand in an event."""
    day = timedelta(days=1)
    first, last = EARLIEST.replace(tzinfo=None) + day, LATEST.replace(tzinfo=None) - day
    minutes = st.integers(-23 * 60, 23 * 60).map(lambda count: timedelta(minutes=count))
    zones = st.just(UTC) | minutes.map(timezone)
    return st.builds(_in_zone, st.datetimes(first, last), zones)


def _in_zone(moment: datetime, zone: timezone) -> datetime:
    return moment.replace(tzinfo=zone)


@cache
def usage_metrics() -> SearchStrategy[ResourceUsageMetrics]:
    """Every metric known or not, up to the largest counts."""
    counts = st.integers(0, 10**6) | st.integers(0, LARGEST_COUNT)
    members = {name: st.none() | counts for name in METRIC_NAMES} | {"cpu_time_seconds": counts}
    return st.builds(ResourceUsageMetrics, **members)


@cache
def event_identities() -> SearchStrategy[EventIdentity]:
    """Identities of known and unknown schemes."""
    return st.builds(
        EventIdentity,
        st.sampled_from(_SCHEMES),
        kept_text(min_size=1),
        st.none() | kept_text(),
    )


@cache
def _contexts() -> SearchStrategy[Wire]:
    known: dict[str, SearchStrategy[object]] = {
        name: safe_slugs() | kept_text() | st.none() for name in _NAMES_OF_PROJECTS
    }
    known |= {"is_personal": st.booleans() | st.sampled_from(["true", "false", 1, None])}
    return st.builds(_merged, kept_json(), st.fixed_dictionaries({}, optional=known))


@cache
def _extras() -> SearchStrategy[Wire | None]:
    known: dict[str, SearchStrategy[object]] = {
        "event_id": uuid_texts() | st.none(),
        "measure": st.sampled_from([*map(str, Measure), None]),
        "granularity": st.sampled_from([*map(str, Granularity), None]),
        "job_id": safe_slugs(),
        "run": st.integers(0, 9),
    }
    return st.none() | st.builds(_merged, kept_json(), st.fixed_dictionaries({}, optional=known))


def _merged(first: Mapping[str, object], second: Mapping[str, object]) -> Wire:
    return {**first, **second}


@st.composite
def usage_events(draw: DrawFn) -> ResourceUsageEvent:
    """Valid events of the sources that are taken unless others are configured."""
    start = draw(moments())
    length = draw(st.integers(1, 10**6).map(timedelta) | st.just(timedelta(days=1)) | _LENGTHS)
    return ResourceUsageEvent(
        source=draw(st.sampled_from(DEFAULT_SOURCES)),
        time_window_start=start,
        time_window_end=min(start.astimezone(UTC) + length, LATEST),
        collected_at=draw(moments()),
        project_slug=draw(st.none() | safe_slugs() | kept_text()),
        is_personal=draw(st.booleans()),
        metrics=draw(usage_metrics()),
        identities=draw(st.lists(event_identities(), max_size=3)),
        context=draw(_contexts()),
        extra=draw(_extras()),
        schema_version=draw(st.just("1.0") | _NAMES),
    )


# Of control characters those that every store could keep are no part of a name either.
_NAMES: Final = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_LENGTHS: Final = st.integers(1, 10**9).map(lambda count: count * _MICROSECOND)


@st.composite
def usage_event_wires(draw: DrawFn) -> Wire:
    """Events as some collector may send them: all are taken, however they are spelt.

    In any order of keys, absent members left out or null, times in any zone, with members that
    nobody knows.
    """
    wire = event_to_wire(draw(usage_events()))
    for name in ("time_window_start", "time_window_end", "collected_at"):
        wire[name] = respelt(str(wire[name]), draw(_OFFSETS))
    for name in ("project_slug", "is_personal", "identities", "extra", "schema_version"):
        if draw(st.booleans()):
            wire[name] = None
    is_left_out = draw(st.booleans())
    sent = {key: value for key, value in wire.items() if value is not None or not is_left_out}
    unknown = {f"x-{key}": value for key, value in draw(kept_json()).items()}
    return dict(draw(st.permutations(list((sent | unknown).items()))))


_OFFSETS: Final = st.integers(-12 * 60, 12 * 60)


def respelt(time: str, minutes: int) -> str:
    """The same moment in a zone so many minutes off UTC."""
    moment = datetime.fromisoformat(time)
    return moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()


@st.composite
def hostile_usage_event_wires(draw: DrawFn) -> object:
    """Anything that may stand where an event should: mostly an event with members spoilt."""
    if draw(st.integers(0, 9)) == 0:
        return draw(json_values())
    wire = draw(usage_event_wires())
    for _ in range(draw(st.integers(1, 3))):
        _spoil(draw, wire)
    return wire


def _spoil(draw: DrawFn, wire: Wire) -> None:
    """Put something in the place of a member of an event, its metrics or one of its objects."""
    places: list[tuple[Wire, str]] = [(wire, name) for name in _MEMBERS]
    for name, inner in _INNER.items():
        value = wire.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict):
            value = dict(value)
            wire[name] = [value] if name == "identities" else value
            places += [(value, key) for key in inner]
    place, key = draw(st.sampled_from(places))
    place[key] = draw(json_values() | st.floats() | _TIMES)


_TIMES: Final = st.sampled_from(
    [
        *("2025-11-19", "2025-11-19T00:00:00", "2025-W47-3T00:00:00Z", "2025-11-19T24:00:00Z"),
        *("2025-02-30T00:00:00Z", "2016-12-31T23:59:60Z", "0001-01-01T00:00:00+23:59"),
        *("9999-12-31T23:59:59-23:59", "2025-11-19T00:00:00+25:00", "٢025-11-19T00:00:00Z"),
    ]
)
_MEMBERS: Final = (
    *("schema_version", "source", "time_window_start", "time_window_end", "collected_at"),
    *("project_slug", "is_personal", "metrics", "identities", "context", "extra"),
)
_INNER: Final[Mapping[str, tuple[str, ...]]] = {
    "metrics": METRIC_NAMES,
    "identities": ("scheme", "value", "authority"),
    "context": ("project", "is_personal", "anything"),
    "extra": ("event_id", "measure", "granularity", "anything"),
}
