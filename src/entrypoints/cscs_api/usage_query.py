"""The queries of usage: whose, when, how many. Every mistake at once, as for storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

import attrs

from cscs_api.query_reader import Detail, QueryReader
from cscs_api.usage_cursor import key_of
from cscs_domain.events.bounds import EARLIEST, LATEST, LONGEST_NAME
from cscs_domain.events.buckets import BucketSize
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import (
    MOST_A_PAGE,
    EventFilter,
    EventKey,
    Missing,
    UnresolvedQuery,
    UsageScope,
)
from cscs_domain.events.usage_summary import MOST_DAYS
from cscs_domain.events.utc_times import read_moment

DEFAULT_EVENTS: Final = 100
LONGEST_ID: Final = 255
SCOPES: Final = {scope.value: scope for scope in UsageScope}
GRANULARITIES: Final = {size.value: size for size in BucketSize}
MISSING: Final[Mapping[str, frozenset[Missing]]] = {
    "any": frozenset(Missing),
    **{missing.value: frozenset({missing}) for missing in Missing},
}

SUMMARY_PARAMETERS: Final = ("scope", "id", "from", "to", "source", "granularity")
EVENTS_PARAMETERS: Final = (
    *("from", "to", "source", "user", "project", "allocation", "state"),
    *("limit", "cursor"),
)
UNRESOLVED_PARAMETERS: Final = ("from", "to", "source", "missing", "limit")

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BLANK_OFFSET: Final = re.compile(r" (?=\d\d:?\d\d\Z)", re.ASCII)
_ONE_DAY: Final = timedelta(days=1)


@attrs.frozen(kw_only=True)
class SummaryRequest:
    """Whose usage on which days of the site's zone, both included; `id` None is the caller's."""

    scope: UsageScope
    id: str | None
    first: date
    last: date
    source: str | None
    size: BucketSize
    unknown: tuple[str, ...]


@attrs.frozen(kw_only=True)
class EventsRequest:
    """Which events, from where on; `limit` None is as many as the form of the answer can have.

    `own`: the caller sees of each what is their own alone.
    """

    filter: EventFilter
    after: EventKey | None
    limit: int | None
    unknown: tuple[str, ...]
    own: bool = False


@attrs.frozen(kw_only=True)
class UnresolvedRequest:
    """Which gaps to group."""

    query: UnresolvedQuery
    unknown: tuple[str, ...]


def parse_summary(query: bytes, days: SiteDays, now: datetime) -> SummaryRequest:
    """Read a query; raises `QueryError`. Without days it is about this month until today."""
    reader = QueryReader(query, SUMMARY_PARAMETERS)
    scope = reader.one_of("scope", SCOPES)
    if scope is None and reader.lacks("scope"):
        reader.refuse("scope", None, "scope is required.", _words("scope", SCOPES))
    wanted = reader.text("id", longest=LONGEST_ID, printable=True)
    if (
        wanted is None
        and reader.lacks("id")
        and scope in {UsageScope.PROJECT, UsageScope.ALLOCATION}
    ):
        help_ = "Give the id of the project or allocation in the directory."
        reader.refuse("id", None, "id is required for this scope.", {"help": help_})
    last = _day(reader, "to") or days.of(now)
    first = _day(reader, "from") or last.replace(day=1)
    if first > last:
        _refuse_order(reader)
    elif (last - first).days >= MOST_DAYS:
        help_ = f"Ask for {MOST_DAYS} days at the most."
        reader.refuse("to", str(last), "to is too long after from.", {"help": help_})
    source = reader.text("source", longest=LONGEST_NAME, printable=True)
    size = reader.one_of("granularity", GRANULARITIES) or BucketSize.DAY
    reader.finish()
    return SummaryRequest(
        scope=scope or UsageScope.USER,
        id=wanted,
        first=first,
        last=last,
        source=source,
        size=size,
        unknown=reader.unknown,
    )


def parse_events(query: bytes, days: SiteDays) -> EventsRequest:
    """Read a query; raises `QueryError`."""
    reader = QueryReader(query, EVENTS_PARAMETERS)
    start, end = _window(reader, days)
    wanted = EventFilter(
        start=start,
        end=end,
        source=reader.text("source", longest=LONGEST_NAME, printable=True),
        user=reader.text("user", longest=LONGEST_ID, printable=True),
        project=reader.text("project", longest=LONGEST_ID, printable=True),
        allocation=reader.text("allocation", longest=LONGEST_ID, printable=True),
        only_unresolved=bool(reader.one_of("state", {"unresolved": True})),
    )
    after = _cursor(reader)
    limit = None if reader.lacks("limit") else reader.whole("limit", DEFAULT_EVENTS, MOST_A_PAGE)
    reader.finish()
    return EventsRequest(filter=wanted, after=after, limit=limit, unknown=reader.unknown)


def parse_unresolved(query: bytes, days: SiteDays) -> UnresolvedRequest:
    """Read a query; raises `QueryError`. Missing allocations are shown only if asked for."""
    reader = QueryReader(query, UNRESOLVED_PARAMETERS)
    start, end = _window(reader, days)
    source = reader.text("source", longest=LONGEST_NAME, printable=True)
    missing = reader.one_of("missing", MISSING)
    limit = reader.whole("limit", DEFAULT_EVENTS, MOST_A_PAGE)
    reader.finish()
    wanted = UnresolvedQuery(start=start, end=end, source=source, limit=limit)
    if missing is not None:
        wanted = attrs.evolve(wanted, missing=missing)
    return UnresolvedRequest(query=wanted, unknown=reader.unknown)


def _window(reader: QueryReader, days: SiteDays) -> tuple[datetime | None, datetime | None]:
    start = _moment(reader, "from", days, after_days=0)
    end = _moment(reader, "to", days, after_days=1)
    if start is not None and end is not None and start >= end:
        _refuse_order(reader)
    return start, end


def _moment(reader: QueryReader, name: str, days: SiteDays, *, after_days: int) -> datetime | None:
    """A day stands for its beginning, or with `after_days` 1 for its end; a moment for itself."""
    text = reader.text(name)
    if text is None:
        return None
    if _DAY.fullmatch(text):
        day = _day_of(text)
        found = None if day is None else days.beginning(day + after_days * _ONE_DAY)
    else:
        # A plus in a query is read as a blank, and behind the time it can be nothing else.
        read = read_moment(_BLANK_OFFSET.sub("+", text))
        found = read if isinstance(read, datetime) else None
    if found is not None:
        return found
    help_ = (
        f"Use ?{name}=2025-11-19, a day of the site's zone, or ?{name}=2025-11-19T00:00:00Z;"
        " no year before 2000 or after 2099."
    )
    message = f"{name} must be a day, or a time with an offset from UTC."
    reader.refuse(name, text, message, {"help": help_}, kind="date_parsing")
    return None


def _day(reader: QueryReader, name: str) -> date | None:
    text = reader.text(name)
    if text is None:
        return None
    found = _day_of(text)
    if found is not None:
        return found
    help_ = f"Use ?{name}=2025-11-19; no year before 2000 or after 2099."
    reader.refuse(name, text, f"{name} must be a day.", {"help": help_}, kind="date_parsing")
    return None


def _day_of(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return found if found and EARLIEST.year <= found.year < LATEST.year else None


def _cursor(reader: QueryReader) -> EventKey | None:
    text = reader.text("cursor")
    found = None if text is None else key_of(text)
    if text is not None and found is None:
        help_ = "Take it from next of the answer before, or leave it out to begin anew."
        reader.refuse("cursor", text, "This is no cursor of ours.", {"help": help_})
    return found


def _refuse_order(reader: QueryReader) -> None:
    help_ = "A day as `to` is included, a time is not."
    reader.refuse("to", None, "to must not be before from.", {"help": help_})


def _words(name: str, words: Mapping[str, object]) -> Detail:
    uses = " or ".join(f"?{name}={word}" for word in words)
    return {"allowed_values": list(words), "help": f"Use: {uses}"}
