"""Batches into SQLite: a few statements, of which each stores all of its rows.

The transaction holds the writer's lock from its beginning, so what was read stays true.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

import attrs
from sqlalchemy import Row, Text, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.stored import EventKey, LinkedEvent, Receipt, StoreOutcome
from cscs_sql.event_rows import json_text
from cscs_sql.schema import events, receipts, touched_days
from cscs_sql.sqlite_upserts import (
    UPSERT_EVENTS,
    UPSERT_LINKS,
    Values,
    event_values,
    link_values,
)
from cscs_sql.storing import Batch, replayed

_Known: TypeAlias = Row[*tuple[Any, ...]]
_IDS: Final = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
_KNOWN: Final = select(
    events.c.event_id, events.c.time_window_start, events.c.collected_at, events.c.erased_at
).where(events.c.event_id.in_(select(_IDS.c.value)))


@attrs.frozen
class _Rows:
    """What one event becomes."""

    linked: LinkedEvent
    day: date
    event: Values
    link: Values


def storing_sqlite(batch: Batch) -> Callable[[AsyncConnection], Awaitable[StoreOutcome]]:
    """What stores the batch in a transaction. It may raise `ReusedKeyError`.

    Its rows are made before that begins, while others write.
    """
    rows = [
        _Rows(linked, day, event_values(linked, batch.at), link_values(linked, batch.at))
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


async def _find_known(connection: AsyncConnection, batch: Batch) -> dict[EventKey, _Known]:
    """What is there under the ids of the batch, if only in other windows."""
    ids = json_text(sorted({linked.event_id.hex for linked in batch.events}))
    rows = await connection.execute(_KNOWN, {"ids": ids})
    return {EventKey(row.time_window_start, row.event_id): row for row in rows}


def _is_newer(linked: LinkedEvent, known: _Known | None) -> bool:
    if known is None or known.erased_at is not None:
        return False
    return bool(linked.event.collected_at > known.collected_at)


async def _write_rows(connection: AsyncConnection, taken: Sequence[_Rows]) -> None:
    await UPSERT_EVENTS.run(connection, [row.event for row in taken])
    await UPSERT_LINKS.run(connection, [row.link for row in taken])
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
