"""Events as plain JSON values, and back. Source: usage events contract, sections 1 to 3."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from cscs_domain.events.bounds import EARLIEST, LONGEST_VALUE, MOST_IDENTITIES
from cscs_domain.events.event import SCHEMA_VERSION, EventIdentity, ResourceUsageEvent
from cscs_domain.events.event_rules import check_extra, check_object, check_project, check_window
from cscs_domain.events.field_errors import (
    MOST_ERRORS_OF_AN_EVENT,
    Faults,
    MalformedEventError,
)
from cscs_domain.events.field_rules import count_fault, name_fault, text_fault
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_domain.events.quick_reading import read_quickly
from cscs_domain.events.utc_times import read_moment, utc_text

_Object: TypeAlias = Mapping[str, object]
_REQUIRED_METRIC: Final = "cpu_time_seconds"
_NO_METRICS: Final = ResourceUsageMetrics(cpu_time_seconds=0)


def event_to_wire(event: ResourceUsageEvent) -> dict[str, object]:
    """Every field of the contract, null where there is nothing, times in UTC with `Z`."""
    return {
        "schema_version": event.schema_version,
        "source": event.source,
        "time_window_start": utc_text(event.time_window_start),
        "time_window_end": utc_text(event.time_window_end),
        "collected_at": utc_text(event.collected_at),
        "project_slug": event.project_slug,
        "is_personal": event.is_personal,
        "metrics": {name: getattr(event.metrics, name) for name in METRIC_NAMES},
        "identities": [
            {"scheme": one.scheme, "value": one.value, "authority": one.authority}
            for one in event.identities
        ],
        "context": event.context,
        "extra": event.extra,
    }


def event_from_wire(
    value: object, *, sources: Collection[str], most_errors: int = MOST_ERRORS_OF_AN_EVENT
) -> ResourceUsageEvent:
    """An event out of a decoded JSON value, which it shares `context` and `extra` with.

    Null stands for an absent member, and members that the contract does not name are ignored. A
    project named in the context only counts (contract, 3), and so does `context.is_personal`
    unless the event says itself. `sources` are those that are taken.

    Raises `MalformedEventError` with every fault, up to `most_errors` of them.
    """
    if isinstance(value, dict) and (event := read_quickly(value, sources)) is not None:
        return event
    return read_carefully(value, sources=sources, most_errors=most_errors)


def read_carefully(
    value: object, *, sources: Collection[str], most_errors: int = MOST_ERRORS_OF_AN_EVENT
) -> ResourceUsageEvent:
    """The same, member by member, so that every fault is found."""
    faults = Faults(most_errors)
    if not isinstance(value, dict):
        faults.add("", "must be an object")
        raise MalformedEventError(faults.listed())
    event = _read_object(value, sources, faults)
    if event is None:
        raise MalformedEventError(faults.listed())
    return event


def _read_object(
    wire: _Object, sources: Collection[str], faults: Faults
) -> ResourceUsageEvent | None:
    source = _source(wire, sources, faults)
    start, end = _window(wire, faults)
    collected_at = _moment(wire, "collected_at", faults) or EARLIEST
    metrics = _metrics(wire.get("metrics"), faults)
    identities = _identities(wire.get("identities"), faults)
    context, extra = _context(wire, faults), _extra(wire.get("extra"), faults)
    project_slug = _project_slug(wire, context, faults)
    is_personal = _is_personal(wire, context, faults)
    schema_version = _schema_version(wire, faults)
    if faults:
        return None
    return ResourceUsageEvent(
        schema_version=schema_version,
        source=source,
        time_window_start=start,
        time_window_end=end,
        collected_at=collected_at,
        project_slug=project_slug,
        is_personal=is_personal,
        metrics=metrics,
        identities=identities,
        context=context,
        extra=extra,
    )


# From here on every function reads one member. It adds what is wrong with it to the faults, and
# then returns a stand-in of the right type, which nobody will see.


def _source(wire: _Object, sources: Collection[str], faults: Faults) -> str:
    source = wire.get("source")
    if isinstance(source, str) and source in sources:
        return source
    faults.add_value("source", f"must be one of {', '.join(sources)}", source)
    return ""


def _window(wire: _Object, faults: Faults) -> tuple[datetime, datetime]:
    start = _moment(wire, "time_window_start", faults)
    end = _moment(wire, "time_window_end", faults)
    if start is None or end is None:
        return EARLIEST, EARLIEST
    check_window(start, end, faults)
    return start, end


def _moment(wire: _Object, name: str, faults: Faults) -> datetime | None:
    value = wire.get(name)
    moment = read_moment(value)
    if isinstance(moment, datetime):
        return moment
    faults.add_value(name, moment, value)
    return None


def _metrics(value: object, faults: Faults) -> ResourceUsageMetrics:
    if not isinstance(value, dict):
        _add(faults, "metrics", "must be an object", value)
        return _NO_METRICS
    counts: dict[str, int] = {}
    is_good = True
    for name in METRIC_NAMES:
        count: object = value.get(name)
        if count is None and name != _REQUIRED_METRIC:
            continue
        reason = count_fault(count)
        if isinstance(count, int) and reason is None:
            counts[name] = count
        else:
            _add(faults, f"metrics.{name}", reason or "", count)
            is_good = False
    return ResourceUsageMetrics(**counts) if is_good else _NO_METRICS


def _identities(value: object, faults: Faults) -> tuple[EventIdentity, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        faults.add("identities", "must be an array")
        return ()
    if len(value) > MOST_IDENTITIES:
        reason = f"must contain no more than {MOST_IDENTITIES} elements"
        faults.add_value("identities", reason, value)
        return ()
    read: list[EventIdentity] = []
    for position, item in enumerate(value):
        identity = _identity(item, f"identities.{position}", faults)
        if identity is not None:
            read.append(identity)
        elif faults.is_full:
            break
    return tuple(read)


def _identity(value: object, path: str, faults: Faults) -> EventIdentity | None:
    if not isinstance(value, dict):
        _add(faults, path, "must be an object", value)
        return None
    scheme, name, authority = value.get("scheme"), value.get("value"), value.get("authority")
    scheme_fault = name_fault(scheme)
    value_fault = text_fault(name, LONGEST_VALUE)
    authority_fault = (
        None if authority is None else text_fault(authority, LONGEST_VALUE, may_be_empty=True)
    )
    if scheme_fault is value_fault is authority_fault is None:
        return EventIdentity(str(scheme), str(name), authority)
    if scheme_fault:
        _add(faults, f"{path}.scheme", scheme_fault, scheme)
    if value_fault:
        _add(faults, f"{path}.value", value_fault, name)
    if authority_fault:
        faults.add(f"{path}.authority", authority_fault)
    return None


def _context(wire: _Object, faults: Faults) -> _Object:
    context = wire.get("context")
    if not isinstance(context, dict):
        _add(faults, "context", "must be an object", context)
        return {}
    check_object(context, "context", faults)
    return context


def _extra(value: object, faults: Faults) -> _Object | None:
    if isinstance(value, dict):
        check_extra(value, faults)
        return value
    if value is not None:
        faults.add("extra", "must be an object")
    return None


def _project_slug(wire: _Object, context: _Object, faults: Faults) -> str | None:
    slug = wire.get("project_slug")
    if slug is not None and not isinstance(slug, str):
        faults.add("project_slug", "must be a string")
        return None
    check_project(slug, context, faults)
    return slug


def _is_personal(wire: _Object, context: _Object, faults: Faults) -> bool:
    is_personal = wire.get("is_personal")
    if isinstance(is_personal, bool):
        return is_personal
    if is_personal is not None:
        faults.add("is_personal", "must be a boolean")
    said = context.get("is_personal")
    return said is True or said == "true"


def _schema_version(wire: _Object, faults: Faults) -> str:
    version = wire.get("schema_version")
    if version is None:
        return SCHEMA_VERSION
    if reason := name_fault(version):
        faults.add("schema_version", reason)
    return str(version)


def _add(faults: Faults, path: str, reason: str, value: object) -> None:
    """Add a fault whose sentence says enough, unless there is no value at all."""
    if value is None:
        faults.add_value(path, reason, value)
    else:
        faults.add(path, reason)
