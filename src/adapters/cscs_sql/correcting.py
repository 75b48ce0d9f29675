"""Putting links in the place of others: made again, or corrected by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.links import Link
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import EventKey, LinkChange, StoredEvent
from cscs_sql.json_columns import insertion
from cscs_sql.key_lists import is_listed, key_list
from cscs_sql.link_rows import CONTENT, ids_text, link_record
from cscs_sql.listing import find_all
from cscs_sql.schema import corrections, links, touched_days

_Change = TypeVar("_Change")
_Replaced = tuple[LinkChange, StoredEvent]
"""A change, and the event as it was before."""

_AT_ONCE: Final = 500
_UPDATE: Final = (
    update(links)
    .where(
        links.c.event_id == bindparam("its_id"),
        links.c.time_window_start == bindparam("its_start"),
    )
    .values({name: bindparam(name) for name in (*CONTENT, "resolved_at", "updated_at")})
)
_REMEMBER: Final = insertion(
    corrections, [column for column in corrections.columns if column.name != "id"]
)


async def relink(
    connection: AsyncConnection, changes: Sequence[LinkChange], days: SiteDays, at: datetime
) -> int:
    """Put links in where none was made by hand, and return how many."""
    count = 0
    for part in parts_of(changes, lambda change: change.key):
        replaced = await _lock_current(connection, part)
        free = [change for change, before in replaced if not before.link.is_manual]
        await put_links(connection, {change.key: change.link for change in free}, at)
        await touch(connection, (change.key for change in free), days)
        count += len(free)
    return count


async def correct(
    connection: AsyncConnection, changes: Sequence[LinkChange], days: SiteDays, at: datetime
) -> int:
    """Put links in, remember what stood there, and return how many."""
    count = 0
    for part in parts_of(changes, lambda change: change.key):
        replaced = await _lock_current(connection, part)
        await put_links(connection, {change.key: change.link for change, _ in replaced}, at)
        await _remember(connection, replaced, at)
        await touch(connection, (change.key for change, _ in replaced), days)
        count += len(replaced)
    return count


async def put_links(
    connection: AsyncConnection, changed: dict[EventKey, Link], at: datetime
) -> None:
    """Overwrite the links of these events."""
    rows = [
        {
            **link_record(link),
            "its_id": key.event_id,
            "its_start": key.time_window_start,
            "resolved_at": at,
            "updated_at": at,
        }
        for key, link in changed.items()
    ]
    if rows:
        await connection.execute(_UPDATE, rows)


async def touch(connection: AsyncConnection, keys: Iterable[EventKey], days: SiteDays) -> None:
    """Note the days of these events, whose sums are not right any more."""
    touched = sorted({days.of(key.time_window_start) for key in keys})
    if touched:
        await connection.execute(insert(touched_days), [{"day": day} for day in touched])


def parts_of(
    changes: Sequence[_Change], key_of: Callable[[_Change], EventKey]
) -> Iterator[list[_Change]]:
    """The changes in parts of a size that databases take, none of which has a key twice.

    Keys come in order, so that writers who lock rows do not wait for each other in a circle.
    """
    left = sorted(changes, key=key_of)
    while left:
        part: dict[EventKey, _Change] = {}
        later = []
        for change in left:
            if key_of(change) in part or len(part) == _AT_ONCE:
                later.append(change)
            else:
                part[key_of(change)] = change
        yield [*part.values()]
        left = later


async def _lock_current(connection: AsyncConnection, part: Sequence[LinkChange]) -> list[_Replaced]:
    """The changes that are of the revision of their event, which then waits for our end.

    Who replaces an event locks its link, too. So once the links are ours, a second look shows
    revisions that stay; the first one may have been before somebody else's end.
    """
    keys = [change.key for change in part]
    dialect = connection.dialect.name
    order = (links.c.time_window_start, links.c.event_id)
    wanted = select(links.c.event_id).where(is_listed(links, dialect)).order_by(*order)
    ours = wanted.with_for_update(of=links)
    await connection.execute(ours, {"keys": key_list(keys, dialect)})
    known = await find_all(connection, keys)
    return [
        (change, known[change.key])
        for change in part
        if change.key in known and known[change.key].revision == change.revision
    ]


async def _remember(
    connection: AsyncConnection, replaced: Sequence[_Replaced], at: datetime
) -> None:
    rows = [_correction(change, before.link, at) for change, before in replaced]
    if rows:
        await connection.execute(_REMEMBER, rows)


def _correction(change: LinkChange, before: Link, at: datetime) -> dict[str, object]:
    who = change.link.correction or change.withdrawal
    return {
        "event_id": change.key.event_id,
        "time_window_start": change.key.time_window_start,
        "corrected_by": None if who is None else who.by,
        "corrected_at": at,
        "reason": None if who is None else who.reason,
        "before": ids_text(before),
        "after": ids_text(change.link),
    }
