"""One usage event, as collectors send it. Source: usage events contract, section 1; spec 003."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import LONGEST_NAME, LONGEST_VALUE, MOST_IDENTITIES
from cscs_domain.events.event_rules import (
    Granularity,
    Measure,
    check_extra,
    check_object,
    check_project,
    check_window,
)
from cscs_domain.events.field_errors import Faults
from cscs_domain.events.field_rules import name_fault, text_fault
from cscs_domain.events.metrics import ResourceUsageMetrics
from cscs_domain.events.project_slugs import find_project_slug
from cscs_domain.events.utc_times import in_utc, range_fault

__all__ = [
    "DEFAULT_SOURCES",
    "SCHEMA_VERSION",
    "EventIdentity",
    "Granularity",
    "Measure",
    "ResourceUsageEvent",
    "check_text",
    "in_utc",
]

SCHEMA_VERSION: Final = "1.0"
DEFAULT_SOURCES: Final = ("pbs", "pbsAcct", "openstack", "slurm", "dwdi")
"""The sources that are accepted unless others are configured (DESIGN section 5)."""


def check_text(what: str, value: object, longest: int, *, may_be_empty: bool = False) -> None:
    """Raise `InvalidValueError` for what no store can keep: no text, too long, NUL, surrogates."""
    if fault := text_fault(value, longest, may_be_empty=may_be_empty):
        raise InvalidValueError(what, shown(value), fault)


def _check_name(what: str, value: object) -> None:
    if fault := name_fault(value):
        raise InvalidValueError(what, shown(value), fault)


@attrs.frozen
class EventIdentity:
    """Somebody's name in some scheme, such as `user_email`. Unknown schemes are kept."""

    scheme: str = attrs.field()
    value: str = attrs.field()
    authority: str | None = attrs.field(default=None)

    def __attrs_post_init__(self) -> None:
        _check_name("scheme", self.scheme)
        check_text("value", self.value, LONGEST_VALUE)
        if self.authority is not None:
            check_text("authority", self.authority, LONGEST_VALUE, may_be_empty=True)


def _object(value: Mapping[str, object]) -> dict[str, object]:
    # Only a dict can be written as JSON.
    if not isinstance(value, Mapping):
        raise InvalidValueError("context or extra", shown(value), "must be an object")
    return value if isinstance(value, dict) else dict(value)


def _object_or_none(value: Mapping[str, object] | None) -> dict[str, object] | None:
    return None if value is None else _object(value)


def _tuple(value: Iterable[EventIdentity]) -> tuple[EventIdentity, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class ResourceUsageEvent:
    """What one job, instance or project used in the half-open window `[start, end)`.

    Times have a zone and are kept in UTC. `context` and `extra` are JSON objects that nobody
    changes any more; `extra` may have `event_id` (a uuid), `measure` and `granularity` among
    others. Without a `project_slug` it is the project that `context` names (contract, 3): here and
    not where events are read, so that an event has one id wherever it is made. Raises
    `InvalidValueError`.
    """

    source: str
    time_window_start: datetime = attrs.field(converter=in_utc)
    time_window_end: datetime = attrs.field(converter=in_utc)
    collected_at: datetime = attrs.field(converter=in_utc)
    metrics: ResourceUsageMetrics
    context: Mapping[str, object] = attrs.field(factory=dict, converter=_object)
    identities: tuple[EventIdentity, ...] = attrs.field(default=(), converter=_tuple)
    project_slug: str | None = None
    is_personal: bool = False
    extra: Mapping[str, object] | None = attrs.field(default=None, converter=_object_or_none)
    schema_version: str = SCHEMA_VERSION

    def __attrs_post_init__(self) -> None:
        _check_name("source", self.source)
        _check_name("schema_version", self.schema_version)
        if self.project_slug is not None:
            check_text("project_slug", self.project_slug, LONGEST_NAME, may_be_empty=True)
        if len(self.identities) > MOST_IDENTITIES:
            reason = f"must contain no more than {MOST_IDENTITIES} elements"
            raise InvalidValueError("identities", shown(self.identities), reason)
        self._check_content()
        slug, _ = find_project_slug(self.project_slug, self.context)
        # The one way to set what depends on another member of a frozen class.
        object.__setattr__(self, "project_slug", slug)

    def _check_content(self) -> None:
        faults = Faults()
        for name in ("time_window_start", "time_window_end", "collected_at"):
            moment: datetime = getattr(self, name)
            if reason := range_fault(moment):
                faults.add_value(name, reason, moment.isoformat())
        check_window(self.time_window_start, self.time_window_end, faults)
        check_object(self.context, "context", faults)
        check_project(self.project_slug, self.context, faults)
        if self.extra is not None:
            check_extra(self.extra, faults)
        if faults:
            first = faults.listed()[0]
            raise InvalidValueError(first.path, first.got, first.reason)

    @property
    def measure(self) -> Measure:
        """What the numbers count; delta unless `extra` says otherwise."""
        value = None if self.extra is None else self.extra.get("measure")
        return Measure.DELTA if value is None else Measure(str(value))

    @property
    def granularity(self) -> Granularity | None:
        """What the event is about, if `extra` says so."""
        value = None if self.extra is None else self.extra.get("granularity")
        return None if value is None else Granularity(str(value))
