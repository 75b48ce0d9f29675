"""Groups of events that miss the same."""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    case,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_domain.events.event import Measure
from cscs_domain.events.links import LinkGap
from cscs_domain.events.stored import Missing, UnresolvedGroup, UnresolvedQuery
from cscs_sql.link_rows import LinkRow, gaps_of, identity_of
from cscs_sql.page_statements import SAME_EVENT, within
from cscs_sql.schema import events, links

_HALF: Final = 31
"""Bits in which seconds are cut, so that sums of either half stay below 64 bits everywhere."""
_BITS: Final = literal(_HALF, Integer)
_LOW: Final = 2**_HALF - 1

_SHARED: Final = (
    events.c.source,
    links.c.sought_project,
    links.c.sought_scheme,
    links.c.sought_value,
    links.c.sought_authority,
    links.c.gaps,
)
_SECONDS: Final = case(
    (events.c.measure == Measure.DELTA.value, events.c.cpu_time_seconds), else_=0
)


async def find_groups(connection: AsyncConnection, query: UnresolvedQuery) -> list[UnresolvedGroup]:
    """The groups that the query asks for, in its order."""
    rows = await connection.execute(_wanted(query, connection.dialect.name))
    return [_group(row) for row in rows]


def _wanted(query: UnresolvedQuery, dialect: str) -> Select[Any]:
    high = sql_cast(func.sum(_SECONDS.bitwise_rshift(_BITS)), BigInteger)
    low = sql_cast(func.sum(_SECONDS.bitwise_and(_LOW)), BigInteger)
    count = func.count()
    begins = links.c.time_window_start
    conditions = [
        # The index holds links with gaps.
        links.c.gaps != "",
        links.c.is_manual.is_(False),
        _lacks_any(query.missing),
        *within(begins, query.start, query.end),
    ]
    if query.source is not None:
        conditions.append(events.c.source == query.source)
    order = (high + low.bitwise_rshift(_BITS), low.bitwise_and(_LOW), count)
    names = (_name(column, dialect) for column in _SHARED)
    return (
        select(
            *_SHARED,
            count.label("count"),
            high.label("high"),
            low.label("low"),
            func.min(begins).label("first"),
            func.max(begins).label("last"),
        )
        .select_from(links.join(events, SAME_EVENT))
        .where(*conditions)
        .group_by(*_SHARED)
        .order_by(*(column.desc() for column in order), *names)
        .limit(query.limit)
    )


def _lacks_any(missing: frozenset[Missing]) -> ColumnElement[bool]:
    words = " " + links.c.gaps + " "
    gaps = [gap for gap in LinkGap if any(one.misses(gap) for one in missing)]
    return or_(false(), *(words.contains(f" {gap.value} ", autoescape=True) for gap in gaps))


def _name(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    # By code point, as in Python; no name comes first.
    return func.coalesce(column, "").collate("C" if dialect == "postgresql" else "BINARY")


def _group(row: Row[*tuple[Any, ...]]) -> UnresolvedGroup:
    its = cast(LinkRow, row)
    return UnresolvedGroup(
        source=its.source,
        project=its.sought_project,
        identity=identity_of(its),
        gaps=gaps_of(its.gaps),
        events=its.count,
        cpu_seconds=(its.high << _HALF) + its.low,
        first=its.first,
        last=its.last,
    )
