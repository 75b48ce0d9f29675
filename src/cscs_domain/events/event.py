"""One usage event, as collectors send it. Source: usage events contract, section 1; spec 003."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import (
    EARLIEST,
    LATEST,
    LONGEST_NAME,
    LONGEST_VALUE,
    MOST_IDENTITIES,
)
from cscs_domain.events.metrics import ResourceUsageMetrics

SCHEMA_VERSION: Final = "1.0"
DEFAULT_SOURCES: Final = ("pbs", "pbsAcct", "openstack", "slurm", "dwdi")
"""The sources that are accepted unless others are configured (DESIGN section 5)."""

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


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


def check_text(what: str, value: object, longest: int, *, may_be_empty: bool = False) -> None:
    """Raise `InvalidValueError` for what no store can keep: no text, too long, NUL, surrogates."""
    if not isinstance(value, str):
        raise InvalidValueError(what, shown(value), "is not text")
    if not value and not may_be_empty:
        raise InvalidValueError(what, shown(value), "is empty")
    if len(value) > longest:
        raise InvalidValueError(what, shown(value), f"has more than {longest} characters")
    if "\0" in value or not is_encodable(value):
        raise InvalidValueError(what, shown(value), "holds a character that cannot be kept")


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC. Raises `InvalidValueError` for a time without a zone."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidValueError(
            "time", shown(str(value)), "has no offset from UTC; add one, as in +01:00 or Z"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValueError("time", shown(str(value)), "is no time that can be") from None


@attrs.frozen
class EventIdentity:
    """Somebody's name in some scheme, such as `user_email`. Unknown schemes are kept."""

    scheme: str = attrs.field()
    value: str = attrs.field()
    authority: str | None = attrs.field(default=None)

    def __attrs_post_init__(self) -> None:
        check_text("scheme", self.scheme, LONGEST_NAME)
        check_text("value", self.value, LONGEST_VALUE)
        if self.authority is not None:
            check_text("authority", self.authority, LONGEST_VALUE, may_be_empty=True)


@attrs.frozen(kw_only=True)
class ResourceUsageEvent:
    """What one job, instance or project used in the half-open window `[start, end)`.

    Times have a zone and are kept in UTC. `context` and `extra` are JSON objects that nobody
    changes any more; `extra` may have `event_id` (a uuid), `measure` and `granularity` among
    others. Raises `InvalidValueError`.
    """

    source: str
    time_window_start: datetime = attrs.field(converter=in_utc)
    time_window_end: datetime = attrs.field(converter=in_utc)
    collected_at: datetime = attrs.field(converter=in_utc)
    metrics: ResourceUsageMetrics
    context: Mapping[str, object] = _NOTHING
    identities: tuple[EventIdentity, ...] = attrs.field(default=(), converter=tuple)
    project_slug: str | None = None
    is_personal: bool = False
    extra: Mapping[str, object] | None = None
    schema_version: str = SCHEMA_VERSION

    def __attrs_post_init__(self) -> None:
        check_text("source", self.source, LONGEST_NAME)
        check_text("schema_version", self.schema_version, LONGEST_NAME)
        if self.project_slug is not None:
            check_text("project_slug", self.project_slug, LONGEST_NAME, may_be_empty=True)
        if len(self.identities) > MOST_IDENTITIES:
            reason = f"are more than {MOST_IDENTITIES}"
            raise InvalidValueError("identities", str(len(self.identities)), reason)
        self._check_window()
        self._check_word("measure", Measure)
        self._check_word("granularity", Granularity)

    def _check_window(self) -> None:
        start, end = self.time_window_start, self.time_window_end
        if not start < end:
            reason = f"is not after time_window_start, {start.isoformat()}"
            raise InvalidValueError("time_window_end", end.isoformat(), reason)
        if start < EARLIEST or end > LATEST:
            reason = f"is not between the years {EARLIEST.year} and {LATEST.year}"
            raise InvalidValueError(
                "time_window", f"{start.isoformat()} to {end.isoformat()}", reason
            )

    def _check_word(self, name: str, words: type[Measure | Granularity]) -> None:
        value = None if self.extra is None else self.extra.get(name)
        if value is not None and value not in list(words):
            allowed = " or ".join(words)
            raise InvalidValueError(f"extra.{name}", shown(value), f"is not {allowed}")

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
