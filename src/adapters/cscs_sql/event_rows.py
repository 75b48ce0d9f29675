"""Events as rows of `resource_usage_events`, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import ColumnElement

from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_domain.events.stored import LinkedEvent
from cscs_domain.events.usage_sums import held_seconds
from cscs_sql.json_columns import selected
from cscs_sql.schema import events

CONTENT: Final = tuple(
    column.name for column in events.columns if column.name not in {"revision", "erased_at"}
)
"""The columns that come with an event."""

JSON_COLUMNS: Final = ("identities", "context", "extra")
_LONG_NUMBER: Final = re.compile("[0-9]{19}")
_IDENTITIES: Final = msgspec.json.Decoder(tuple[EventIdentity, ...])


class EventRow(Protocol):
    """A row with the columns of `event_columns`."""

    def __getattr__(self, name: str) -> Any: ...


def event_columns() -> list[ColumnElement[Any]]:
    """What `event_of` reads: JSON as text, on every dialect."""
    return [selected(events.c[name]) for name in CONTENT if name != "received_at"]


def event_record(linked: LinkedEvent) -> dict[str, object]:
    """The values of an event by column, without `received_at`. JSON is not encoded yet."""
    event, used = linked.event, linked.event.metrics
    return {
        "event_id": linked.event_id,
        "time_window_start": event.time_window_start,
        "time_window_end": event.time_window_end,
        "collected_at": event.collected_at,
        "schema_version": event.schema_version,
        "source": event.source,
        "project_slug": event.project_slug,
        "is_personal": event.is_personal,
        "cpu_time_seconds": used.cpu_time_seconds,
        "gpu_time_seconds": used.gpu_time_seconds,
        "ram_bytes_allocated": used.ram_bytes_allocated,
        "ram_bytes_used": used.ram_bytes_used,
        "storage_bytes_allocated": used.storage_bytes_allocated,
        "vcpus_allocated": used.vcpus_allocated,
        "used_cpu_percent": used.used_cpu_percent,
        "walltime_allocated": used.walltime_allocated,
        "walltime_used": used.walltime_used,
        "measure": event.measure.value,
        "held_seconds": held_seconds(event),
        "identities": event.identities,
        "context": dict(event.context),
        "extra": None if event.extra is None else dict(event.extra),
    }


def event_of(row: EventRow) -> ResourceUsageEvent:
    """The event of a row."""
    return ResourceUsageEvent(
        source=row.source,
        time_window_start=row.time_window_start,
        time_window_end=row.time_window_end,
        collected_at=row.collected_at,
        metrics=ResourceUsageMetrics(**{name: getattr(row, name) for name in METRIC_NAMES}),
        context=_object(row.context),
        identities=_IDENTITIES.decode(row.identities),
        project_slug=row.project_slug,
        is_personal=row.is_personal,
        extra=None if row.extra is None else _object(row.extra),
        schema_version=row.schema_version,
    )


def json_text(value: object) -> str:
    """JSON as it is kept where there is no type for it."""
    return msgspec.json.encode(value).decode()


def _object(text: str) -> Mapping[str, object]:
    value: dict[str, object]
    if _LONG_NUMBER.search(text):
        value = json.loads(text, parse_int=_whole_number)
    else:
        value = msgspec.json.decode(text)
    return value


def _whole_number(digits: str) -> int | float:
    # Events have no integers beyond 64 bits: such a one was 1e30 before `jsonb` wrote it out.
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else float(digits)
