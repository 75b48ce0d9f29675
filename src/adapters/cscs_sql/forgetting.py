"""Taking a user out of what is kept besides events: sums, corrections, links of events gone."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Text, bindparam, cast, delete, exists, func, literal, select
from sqlalchemy import update as updating
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import Column

from cscs_domain.events.name_masks import ERASED
from cscs_domain.events.site_days import SiteDays
from cscs_sql.column_types import JsonText
from cscs_sql.event_rows import json_text
from cscs_sql.folding import fold_sums
from cscs_sql.locks import Lock, take
from cscs_sql.page_statements import SAME_EVENT
from cscs_sql.schema import corrections, events, links

_Row: TypeAlias = dict[str, object]

_CLEAR: Final = (
    updating(corrections)
    .where(corrections.c.id == bindparam("its_id"))
    .values(
        corrected_by=ERASED,
        reason=ERASED,
        before=cast(bindparam("its_before", type_=Text), JsonText),
        after=cast(bindparam("its_after", type_=Text), JsonText),
    )
)


async def forget_user(connection: AsyncConnection, user: str, days: SiteDays) -> int:
    """Forget the user, and return how many daily sums changed. Sums are refreshed before."""
    if not user:
        return 0  # in sums that is nobody's id
    # Days are not computed again meanwhile: their rows would come back.
    await connection.run_sync(take, Lock.SUMMARIES)
    await connection.execute(
        delete(links).where(links.c.user_id == user, ~exists().where(SAME_EVENT))
    )
    await _forget_in_corrections(connection, user)
    return await fold_sums(connection, user, await _days_with_events(connection, user, days))


async def _forget_in_corrections(connection: AsyncConnection, user: str) -> None:
    its = corrections.c
    dialect = connection.dialect.name
    wanted = select(its.id, cast(its.before, Text), cast(its.after, Text)).where(
        (_user_in(its.before, dialect) == user) | (_user_in(its.after, dialect) == user)
    )
    rows: list[_Row] = [
        {"its_id": id_, "its_before": _without(before, user), "its_after": _without(after, user)}
        for id_, before, after in await connection.execute(wanted)
    ]
    if rows:
        await connection.execute(_CLEAR, rows)


def _user_in(column: Column[Any], dialect: str) -> ColumnElement[str]:
    if dialect == "sqlite":
        return func.json_extract(column, "$.user", type_=Text)
    return column.op("->>", return_type=Text())(literal("user", Text))


def _without(text: str, user: str) -> str:
    ids: dict[str, str | None] = json.loads(text)
    return json_text(
        {name: None if name == "user" and id_ == user else id_ for name, id_ in ids.items()}
    )


async def _days_with_events(connection: AsyncConnection, user: str, days: SiteDays) -> set[date]:
    """The days on which events of the user begin: it leaps over the index from day to day."""
    begins = links.c.time_window_start
    wanted = (
        select(begins)
        .select_from(links.join(events, SAME_EVENT))
        .where(links.c.user_id == user)
        .order_by(begins)
        .limit(1)
    )
    found: set[date] = set()
    first = await connection.scalar(wanted)
    while first is not None:
        day = days.of(first)
        found.add(day)
        first = await connection.scalar(wanted.where(begins >= days.window(day)[1]))
    return found
