"""Batches into SQLite: a few statements, of which each stores all of its rows.

The transaction holds the writer's lock from its beginning, so what was read stays true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

import attrs
from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.stored import EventKey, LinkedEvent, Receipt, StoreOutcome
from cscs_sql.column_types import microseconds
from cscs_sql.event_rows import CONTENT as EVENT_CONTENT
from cscs_sql.event_rows import event_record, json_text
from cscs_sql.key_lists import is_listed, key_list
from cscs_sql.link_rows import CONTENT as LINK_CONTENT
from cscs_sql.link_rows import KEY, TIMES, link_record
from cscs_sql.schema import events, links, receipts, touched_days
from cscs_sql.store_guard import Work
from cscs_sql.storing import (
    GIVES_WAY,
    Batch,
    event_settings,
    link_settings,
    replaces_event,
    replayed,
)


def _upsert_events() -> str:
    rows = upsert(events).values({name: bindparam(name) for name in EVENT_CONTENT})
    return _text(
        rows.on_conflict_do_update(
            index_elements=KEY,
            set_=event_settings(rows.excluded),
            where=replaces_event(rows.excluded),
        )
    )


def _upsert_links() -> str:
    rows = upsert(links).values({name: bindparam(name) for name in (*KEY, *LINK_CONTENT, *TIMES)})
    return _text(
        rows.on_conflict_do_update(
            index_elements=KEY, set_=link_settings(rows.excluded), where=GIVES_WAY
        )
    )


def _text(statement: Insert) -> str:
    # The driver takes rows as they are, three times as fast as when each value is looked at.
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))


_UPSERT_EVENTS: Final = _upsert_events()
_UPSERT_LINKS: Final = _upsert_links()
_Known: TypeAlias = Row[*tuple[Any, ...]]
_KNOWN: Final = select(
    events.c.event_id, events.c.time_window_start, events.c.collected_at, events.c.erased_at
).where(is_listed(events, "sqlite"))


@attrs.frozen
class _Rows:
    """What one event becomes, and when it was collected."""

    linked: LinkedEvent
    day: date
    event: Mapping[str, object]
    link: Mapping[str, object]


def storing_sqlite(batch: Batch) -> Work[StoreOutcome]:
    """What stores the batch in a transaction. It may raise `ReusedKeyError`.

    Its rows are made before that begins, while others write.
    """
    rows = [
        _Rows(linked, day, _event_row(linked, batch.at), _link_row(linked, batch.at))
        for linked, day in zip(batch.events, batch.days, strict=True)
    ]
    return lambda connection: _store(connection, batch, rows)


async def _store(connection: AsyncConnection, batch: Batch, rows: Sequence[_Rows]) -> StoreOutcome:
    if batch.receipt is not None:
        outcome = await _find_replayed(connection, batch.receipt)
        if outcome is not None:
            return outcome
    outcome = await _write_events(connection, batch, rows)
    if batch.receipt is not None:
        await _write_receipt(connection, batch.receipt, outcome, batch.at)
    return outcome


async def _find_replayed(connection: AsyncConnection, receipt: Receipt) -> StoreOutcome | None:
    its = receipts.c
    wanted = select(receipts).where(its.sender == receipt.sender, its.key == receipt.key)
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        return None
    return replayed(
        receipt,
        digest=row.digest,
        stored=row.stored,
        duplicates=row.duplicates,
        replaced=row.replaced,
    )


async def _write_events(
    connection: AsyncConnection, batch: Batch, rows: Sequence[_Rows]
) -> StoreOutcome:
    known = await _find_known(connection, batch)
    new = [row for row in rows if row.linked.key not in known]
    newer = [row for row in rows if _is_newer(row.linked, known.get(row.linked.key))]
    if new or newer:
        await _write_rows(connection, [*new, *newer])
    stored, replaced = len(new), len(newer)
    duplicates = batch.received - stored - replaced
    return StoreOutcome(stored=stored, duplicates=duplicates, replaced=replaced)


async def _find_known(
    connection: AsyncConnection, batch: Batch
) -> dict[EventKey, Row[*tuple[Any, ...]]]:
    """What is there of the batch."""
    keys = key_list((linked.key for linked in batch.events), "sqlite")
    rows = await connection.execute(_KNOWN, {"keys": keys})
    return {EventKey(row.time_window_start, row.event_id): row for row in rows}


def _is_newer(linked: LinkedEvent, known: _Known | None) -> bool:
    if known is None or known.erased_at is not None:
        return False
    return bool(linked.event.collected_at > known.collected_at)


async def _write_rows(connection: AsyncConnection, taken: Sequence[_Rows]) -> None:
    await connection.exec_driver_sql(_UPSERT_EVENTS, [row.event for row in taken])
    await connection.exec_driver_sql(_UPSERT_LINKS, [row.link for row in taken])
    days = sorted({row.day for row in taken})
    await connection.execute(insert(touched_days), [{"day": day} for day in days])


async def _write_receipt(
    connection: AsyncConnection, receipt: Receipt, outcome: StoreOutcome, at: datetime
) -> None:
    row = {
        "sender": receipt.sender,
        "key": receipt.key,
        "digest": receipt.digest,
        "stored": outcome.stored,
        "duplicates": outcome.duplicates,
        "replaced": outcome.replaced,
        "received_at": at,
    }
    await connection.execute(insert(receipts), row)


def _event_row(linked: LinkedEvent, at: datetime) -> dict[str, object]:
    row = event_record(linked)
    event = linked.event
    row.update(
        event_id=linked.event_id.hex,
        time_window_start=microseconds(event.time_window_start),
        time_window_end=microseconds(event.time_window_end),
        collected_at=microseconds(event.collected_at),
        received_at=microseconds(at),
        is_personal=int(event.is_personal),
        identities=json_text(event.identities),
        context=json_text(row["context"]),
        extra=None if event.extra is None else json_text(row["extra"]),
    )
    return row


def _link_row(linked: LinkedEvent, at: datetime) -> dict[str, object]:
    link, now = linked.link, microseconds(at)
    row = link_record(link)
    row.update(
        event_id=linked.event_id.hex,
        time_window_start=microseconds(linked.event.time_window_start),
        is_manual=int(link.is_manual),
        corrected_at=None if link.correction is None else microseconds(link.correction.at),
        resolved_at=now,
        created_at=now,
        updated_at=now,
    )
    return row
