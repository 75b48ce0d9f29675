"""What goes into a store of usage events, and what comes out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import Correction, Link, LinkGap
from cscs_domain.events.usage_sums import UsageSums

MOST_A_PAGE: Final = 1000
RECEIPTS_KEPT: Final = timedelta(days=14)
"""How long a batch that is sent again is known by its key."""


@attrs.frozen(order=True)
class EventKey:
    """What an event is known by, and the order of listings: oldest windows first.

    One id in two windows makes two events.
    """

    time_window_start: datetime
    event_id: UUID


@attrs.frozen(kw_only=True)
class LinkedEvent:
    """An event under its id, with the link made for it: what a store takes."""

    event_id: UUID
    event: ResourceUsageEvent
    link: Link

    @property
    def key(self) -> EventKey:
        """What it is known by."""
        return EventKey(self.event.time_window_start, self.event_id)


@attrs.frozen(kw_only=True)
class StoredEvent(LinkedEvent):
    """What a store has. `revision` counts from 1 and rises when the event's content changes."""

    revision: int = 1
    is_erased: bool = False


@attrs.frozen(kw_only=True)
class Receipt:
    """What tells one batch from another: a key that its sender chose, and a digest of its content.

    `sender` is the name of the collector's key: two collectors may choose the same.
    """

    sender: str
    key: str
    digest: str


@attrs.frozen(kw_only=True)
class StoreOutcome:
    """What became of a batch. `replayed`: it had been stored before, with this outcome."""

    stored: int = 0
    duplicates: int = 0
    replaced: int = 0
    replayed: bool = False


@attrs.frozen(kw_only=True)
class Person:
    """Somebody whose data are asked for: events linked to `user`, or with one of `identities`.

    Schemes do not matter here, and values are compared lower-cased and without blanks at their
    ends. With neither it is nobody.
    """

    user: str | None = None
    identities: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class EventFilter:
    """Which events; everything given must hold. Windows begin in the half-open `[start, end)`."""

    start: datetime | None = None
    end: datetime | None = None
    source: str | None = None
    user: str | None = None
    project: str | None = None
    allocation: str | None = None
    only_unresolved: bool = False
    """Without those made by hand and those that are resolved."""
    person: Person | None = None


@attrs.frozen(kw_only=True)
class LinkChange:
    """A link to put in the place of another, made of the event as it was at `revision`.

    `withdrawal` says who takes a link by hand back, when and why; `link` has no correction then.
    """

    key: EventKey
    revision: int
    link: Link
    withdrawal: Correction | None = None


@attrs.frozen(kw_only=True)
class ErasedEvent:
    """An event without what tells whose it is, to put in the place of its `revision`."""

    key: EventKey
    revision: int
    event: ResourceUsageEvent
    link: Link


class Missing(StrEnum):
    """What may be missing of a link."""

    USER = "user"
    PROJECT = "project"
    ALLOCATION = "allocation"

    def misses(self, gap: LinkGap) -> bool:
        """Whether a gap is of this."""
        match self:
            case Missing.USER:
                return gap.is_of_user
            case Missing.PROJECT:
                return gap.is_of_project
            case Missing.ALLOCATION:
                return gap is LinkGap.NO_ALLOCATION


@attrs.frozen(kw_only=True)
class UnresolvedQuery:
    """What to group: events (none with a link made by hand) that miss any of `missing`."""

    start: datetime | None = None
    end: datetime | None = None
    source: str | None = None
    missing: frozenset[Missing] = frozenset({Missing.USER, Missing.PROJECT})
    limit: int = 100


@attrs.frozen(kw_only=True)
class UnresolvedGroup:
    """Events that miss the same. Groups come with the most processor time first.

    Events of totals are counted, but their time is not. Names are ordered by code point. `first`
    and `last` are the earliest and latest beginnings of their windows.
    """

    source: str
    project: str | None
    identity: EventIdentity | None
    gaps: tuple[LinkGap, ...]
    events: int
    cpu_seconds: int
    first: datetime
    last: datetime


class UsageScope(StrEnum):
    """Whose usage is summed up."""

    USER = "user"
    PROJECT = "project"
    ALLOCATION = "allocation"


@attrs.frozen(kw_only=True)
class SumsQuery:
    """Whose usage, on which days of the site's zone (first and last included), of which source."""

    scope: UsageScope
    id: str
    first: date
    last: date
    source: str | None = None


@attrs.frozen(kw_only=True)
class DaySums:
    """The sums of events whose windows begin on one day of the site's zone."""

    day: date
    sums: UsageSums
