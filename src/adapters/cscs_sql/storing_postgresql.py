"""Batches into PostgreSQL: one statement, however many events.

The batch is one JSON parameter that the server unpacks: one round trip, and one plan that fits
batches of any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.stored import Receipt, StoreOutcome
from cscs_sql.column_types import Moment
from cscs_sql.event_rows import CONTENT as EVENT_CONTENT
from cscs_sql.event_rows import event_record
from cscs_sql.link_rows import CONTENT as LINK_CONTENT
from cscs_sql.link_rows import KEY, TIMES, link_record
from cscs_sql.schema import events, links, receipts, touched_days
from cscs_sql.store_guard import STANDING, StoreGuard, Work
from cscs_sql.storing import (
    GIVES_WAY,
    Batch,
    event_settings,
    link_settings,
    replaces_event,
    replayed,
)

_ENCODE: Final = msgspec.json.Encoder().encode
_AT: Final = bindparam("at", type_=Moment)
_SENDER: Final = bindparam("sender", type_=Text)
_KEY: Final = bindparam("key", type_=Text)
_DIGEST: Final = bindparam("digest", type_=Text)
_RECEIVED: Final = bindparam("received", type_=Integer)


def storing_postgresql(batch: Batch, guard: StoreGuard) -> Work[StoreOutcome]:
    """What stores the batch in a transaction, and asks the guard by the way.

    It may raise `ReusedKeyError` and `OutdatedStoreError`.
    """
    parameters: dict[str, object] = {"batch": _encoded(batch), "at": batch.at}
    if batch.receipt is None:
        return lambda connection: _store(connection, batch, guard, parameters)
    receipt = batch.receipt
    parameters.update(
        sender=receipt.sender, key=receipt.key, digest=receipt.digest, received=batch.received
    )
    return lambda connection: _store_with_receipt(connection, batch, guard, receipt, parameters)


async def _store(
    connection: AsyncConnection,
    batch: Batch,
    guard: StoreGuard,
    parameters: Mapping[str, object],
) -> StoreOutcome:
    row = (await connection.execute(_PLAIN, parameters)).one()
    guard.check(row.zone_there, row.revision_there)
    return _outcome(batch, row.stored, row.replaced)


async def _store_with_receipt(
    connection: AsyncConnection,
    batch: Batch,
    guard: StoreGuard,
    receipt: Receipt,
    parameters: Mapping[str, object],
) -> StoreOutcome:
    row = (await connection.execute(_WITH_RECEIPT, parameters)).one()
    guard.check(row.zone_there, row.revision_there)
    if row.digest is None:
        return _outcome(batch, row.stored, row.replaced)
    return replayed(
        receipt,
        digest=row.digest,
        stored=row.stored_before,
        duplicates=row.duplicates_before,
        replaced=row.replaced_before,
    )


def _outcome(batch: Batch, stored: int, replaced: int) -> StoreOutcome:
    duplicates = batch.received - stored - replaced
    return StoreOutcome(stored=stored, duplicates=duplicates, replaced=replaced)


def _encoded(batch: Batch) -> str:
    # One by one: other threads go on in between, and no more than one is in memory as objects.
    rows = (
        _ENCODE({**event_record(linked), **link_record(linked.link), "day": day})
        for linked, day in zip(batch.events, batch.days, strict=True)
    )
    return f"[{b','.join(rows).decode()}]"


def _given(prior: CTE | None) -> CTE:
    """The rows of the parameter; none if the batch has been stored before."""
    names = [name for name in EVENT_CONTENT if name != "received_at"]
    row = func.jsonb_to_recordset(cast(bindparam("batch", type_=Text), JSONB)).table_valued(
        *(column(name, events.c[name].type) for name in names),
        *(column(name, links.c[name].type) for name in LINK_CONTENT),
        column("day", touched_days.c.day.type),
        name="row",
    )
    rows = select(row.render_derived(with_types=True))
    if prior is not None:
        rows = rows.where(~exists().select_from(prior))
    return rows.cte("given")


def _taken(given: CTE) -> CTE:
    """Store events; of these keys the links are to be stored as well."""
    rows = upsert(events).from_select(EVENT_CONTENT, select(*_columns(given, EVENT_CONTENT)))
    return (
        rows.on_conflict_do_update(
            index_elements=KEY,
            set_=event_settings(rows.excluded),
            where=replaces_event(rows.excluded),
        )
        .returning(events.c.event_id, events.c.time_window_start, events.c.revision)
        .cte("taken")
    )


def _linked(given: CTE, taken: CTE) -> CTE:
    names = (*KEY, *LINK_CONTENT, *TIMES)
    rows = upsert(links).from_select(names, _of_taken(given, taken, _columns(given, names)))
    return rows.on_conflict_do_update(
        index_elements=KEY, set_=link_settings(rows.excluded), where=GIVES_WAY
    ).cte("linked")


def _touched(given: CTE, taken: CTE) -> CTE:
    days = _of_taken(given, taken, [given.c.day]).distinct()
    return insert(touched_days).from_select(["day"], days).cte("touched")


def _counted(taken: CTE) -> CTE:
    new = taken.c.revision == 1
    return (
        select(
            func.count().filter(new).label("stored"), func.count().filter(~new).label("replaced")
        )
        .select_from(taken)
        .cte("counted")
    )


def _receipted(prior: CTE, counted: CTE) -> CTE:
    """Write down what is answered. Fails if the same batch is being stored elsewhere, too."""
    stored, replaced = counted.c.stored, counted.c.replaced
    duplicates = _RECEIVED - stored - replaced
    row = select(_SENDER, _KEY, _DIGEST, stored, duplicates, replaced, _AT)
    row = row.where(~exists().select_from(prior))
    return insert(receipts).from_select([*receipts.c.keys()], row).cte("receipted")


def _prior() -> CTE:
    return select(receipts).where(receipts.c.sender == _SENDER, receipts.c.key == _KEY).cte("prior")


def _columns(given: CTE, names: Sequence[str]) -> list[ColumnElement[Any]]:
    times = {"received_at", *TIMES}
    return [_AT.label(name) if name in times else given.c[name] for name in names]


def _of_taken(given: CTE, taken: CTE, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    same = and_(*(given.c[name] == taken.c[name] for name in KEY))
    return select(*columns).select_from(given.join(taken, same))


def _plain() -> Select[Any]:
    given = _given(None)
    taken = _taken(given)
    counted = _counted(taken)
    return select(counted, *STANDING).add_cte(_linked(given, taken), _touched(given, taken))


def _with_receipt() -> Select[Any]:
    prior = _prior()
    given = _given(prior)
    taken = _taken(given)
    counted = _counted(taken)
    return (
        select(
            counted,
            prior.c.digest,
            prior.c.stored.label("stored_before"),
            prior.c.duplicates.label("duplicates_before"),
            prior.c.replaced.label("replaced_before"),
            *STANDING,
        )
        .select_from(counted.outerjoin(prior, true()))
        .add_cte(_linked(given, taken), _touched(given, taken), _receipted(prior, counted))
    )


_PLAIN: Final = _plain()
_WITH_RECEIPT: Final = _with_receipt()
