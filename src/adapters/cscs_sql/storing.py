"""A batch on its way into the store, and what is the same on every dialect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

import attrs
from sqlalchemy import ColumnElement, Integer, and_, literal_column
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from cscs_domain.errors import ReusedKeyError
from cscs_domain.events.newest_of_each import newest_of_each
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import LinkedEvent, Receipt, StoreOutcome
from cscs_sql.event_rows import CONTENT as EVENT_CONTENT
from cscs_sql.link_rows import CONTENT as LINK_CONTENT
from cscs_sql.link_rows import KEY
from cscs_sql.schema import events, links

Columns: TypeAlias = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
_ONE: Final = literal_column("1", Integer)
_NO_DAY: Final = datetime(1, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Batch:
    """Events without repeated keys, in the order of keys, each with its day."""

    events: Sequence[LinkedEvent]
    days: Sequence[date]
    received: int
    at: datetime
    receipt: Receipt | None


def batch_of(
    received: Sequence[LinkedEvent], days: SiteDays, *, at: datetime, receipt: Receipt | None
) -> Batch:
    """The batch that stores what was received."""
    newest = newest_of_each(received)
    return Batch(
        events=newest,
        days=days_of(newest, days),
        received=len(received),
        at=at,
        receipt=receipt,
    )


def days_of(ordered: Sequence[LinkedEvent], days: SiteDays) -> list[date]:
    """The day of each event; quick for events in the order of time."""
    found: list[date] = []
    begin = end = _NO_DAY
    for linked in ordered:
        start = linked.event.time_window_start
        if not begin <= start < end:
            day = days.of(start)
            begin, end = days.window(day)
        found.append(day)
    return found


def replayed(
    receipt: Receipt, *, digest: str, stored: int, duplicates: int, replaced: int
) -> StoreOutcome:
    """What was answered to the same batch before. Raises `ReusedKeyError` if it was another."""
    if digest != receipt.digest:
        raise ReusedKeyError(receipt.key)
    return StoreOutcome(stored=stored, duplicates=duplicates, replaced=replaced, replayed=True)


def event_settings(excluded: Columns) -> dict[str, ColumnElement[Any]]:
    """What a newer event changes of the one that is there."""
    content = {name: excluded[name] for name in EVENT_CONTENT if name not in KEY}
    return {**content, "revision": events.c.revision + _ONE}


def replaces_event(excluded: Columns) -> ColumnElement[bool]:
    """Whether an event takes the place of the one that is there."""
    return and_(excluded.collected_at > events.c.collected_at, events.c.erased_at.is_(None))


def link_settings(excluded: Columns) -> dict[str, ColumnElement[Any]]:
    """What the link of a newer event changes of the one that is there."""
    return {name: excluded[name] for name in (*LINK_CONTENT, "resolved_at", "updated_at")}


GIVES_WAY: Final = links.c.is_manual.is_(False)
"""A link that nobody made by hand."""
