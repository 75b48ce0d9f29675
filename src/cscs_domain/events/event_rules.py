"""What the members of an event must be together, and the objects in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from cscs_domain.events.bounds import LONGEST_NAME
from cscs_domain.events.field_errors import Faults
from cscs_domain.events.field_rules import text_fault, uuid_fault
from cscs_domain.events.opaque_json import find_faults, is_storable
from cscs_domain.events.project_slugs import find_project_slug
from cscs_domain.events.utc_times import utc_text


class Measure(StrEnum):
    """What an event's numbers count."""

    DELTA = "delta"
    """What was used inside the window. Adds up over windows; events are this unless they say so."""
    TOTAL = "total"
    """What was used since the job or instance began. Does not add up, so it is never summed."""


class Granularity(StrEnum):
    """What an event is about."""

    JOB = "job"
    INSTANCE = "instance"
    PROJECT = "project"


def check_window(start: datetime, end: datetime, faults: Faults) -> None:
    """A window is half-open and not empty."""
    if not start < end:
        faults.add_value("time_window_end", "must be after time_window_start", utc_text(end))


def check_object(json: Mapping[str, object], path: str, faults: Faults) -> None:
    """Every store can keep `context` and `extra`."""
    if not is_storable(json):
        find_faults(json, path, faults)


def check_extra(extra: Mapping[str, object], faults: Faults) -> None:
    """Those members of `extra` that mean something to us are what they should be, or null."""
    check_object(extra, "extra", faults)
    event_id = extra.get("event_id")
    if event_id is not None and (reason := uuid_fault(event_id)):
        faults.add_value("extra.event_id", reason, event_id)
    _check_word(extra, "measure", _MEASURES, faults)
    _check_word(extra, "granularity", _GRANULARITIES, faults)


_MEASURES = tuple(map(str, Measure))
_GRANULARITIES = tuple(map(str, Granularity))


def _check_word(
    extra: Mapping[str, object], name: str, words: tuple[str, ...], faults: Faults
) -> None:
    value = extra.get(name)
    if value is not None and value not in words:
        faults.add_value(f"extra.{name}", f"must be one of {', '.join(words)}", value)


def check_project(given: str | None, context: Mapping[str, object], faults: Faults) -> None:
    """The project's name is no longer than a name, wherever it is taken from."""
    slug, path = find_project_slug(given, context)
    if slug is not None and path is not None and (reason := text_fault(slug, LONGEST_NAME)):
        faults.add_value(path, reason, slug)
