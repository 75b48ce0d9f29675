"""Reading an event that nothing is wrong with, each of its parts once.

Nearly all events are such, and thousands a second arrive. Any other is left to `event_wire`, which
reads it again and finds every fault.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import MOST_IDENTITIES
from cscs_domain.events.event import SCHEMA_VERSION, EventIdentity, ResourceUsageEvent
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_domain.events.utc_times import read_moment


def read_quickly(wire: Mapping[str, object], sources: Collection[str]) -> ResourceUsageEvent | None:
    """The event that `event_from_wire` makes of this; None if that has to look at it.

    Here only types are looked at: the values themselves make their own checks.
    """
    get = wire.get
    source, slug, version = get("source"), get("project_slug"), get("schema_version")
    metrics, context, extra = get("metrics"), get("context"), get("extra")
    start = read_moment(get("time_window_start"))
    end = read_moment(get("time_window_end"))
    collected_at = read_moment(get("collected_at"))
    if not (
        isinstance(source, str)
        and source in sources
        and isinstance(start, datetime)
        and isinstance(end, datetime)
        and isinstance(collected_at, datetime)
        and isinstance(metrics, dict)
        and isinstance(context, dict)
        and (extra is None or isinstance(extra, dict))
        and (slug is None or isinstance(slug, str))
        and (version is None or isinstance(version, str))
    ):
        return None
    # Null is absent.
    counts = {name: metrics[name] for name in METRIC_NAMES if metrics.get(name) is not None}
    identities = _identities(get("identities"))
    is_personal = _is_personal(get("is_personal"), context)
    if identities is None or is_personal is None or "cpu_time_seconds" not in counts:
        return None
    try:
        return ResourceUsageEvent(
            schema_version=SCHEMA_VERSION if version is None else version,
            source=source,
            time_window_start=start,
            time_window_end=end,
            collected_at=collected_at,
            project_slug=slug,
            is_personal=is_personal,
            metrics=ResourceUsageMetrics(**counts),
            identities=identities,
            context=context,
            extra=extra,
        )
    except InvalidValueError:
        return None


def _identities(value: object) -> tuple[EventIdentity, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_IDENTITIES:
        return None
    parts = [
        (one.get("scheme"), one.get("value"), one.get("authority"))
        for one in value
        if isinstance(one, dict)
    ]
    if len(parts) < len(value) or not all(map(_are_texts, parts)):
        return None
    try:
        return tuple(_identity(*one) for one in parts)
    except InvalidValueError:
        return None


def _are_texts(parts: tuple[object, object, object]) -> bool:
    scheme, name, authority = parts
    has_authority = authority is None or isinstance(authority, str)
    return isinstance(scheme, str) and isinstance(name, str) and has_authority


# Somebody who computes has many jobs.
@lru_cache(maxsize=1 << 14)
def _identity(scheme: str, value: str, authority: str | None) -> EventIdentity:
    return EventIdentity(scheme, value, authority)


def _is_personal(value: object, context: Mapping[str, object]) -> bool | None:
    if isinstance(value, bool):
        return value
    if value is not None:
        return None
    said = context.get("is_personal")
    return said is True or said == "true"
