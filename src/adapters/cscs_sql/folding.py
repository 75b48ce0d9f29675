"""Making a user's daily sums nobody's where there are no events to compute them of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cscs_sql.schema import summaries

_KEY: Final = ("day", "source", "user_id", "project_id", "allocation_id")
_SHARED: Final = tuple(name for name in _KEY if name != "user_id")
_SUMS: Final = tuple(column.name for column in summaries.c if column.name not in _KEY)
_NOBODY: Final = ""

_theirs = summaries.alias("theirs")
_nobodys = summaries.alias("nobodys")
# Both rows of a day, source, project and allocation; the second one need not be there.
_BOTH: Final = select(
    *(_theirs.c[name] for name in _SHARED),
    *(_theirs.c[name].label(f"their_{name}") for name in _SUMS),
    *(_nobodys.c[name].label(f"nobodys_{name}") for name in _SUMS),
).select_from(
    _theirs.outerjoin(
        _nobodys,
        and_(
            _nobodys.c.user_id == _NOBODY,
            *(_nobodys.c[name] == _theirs.c[name] for name in _SHARED),
        ),
    )
)
_DELETE: Final = delete(summaries).where(
    or_(summaries.c.user_id == _NOBODY, summaries.c.user_id == bindparam("its_user")),
    *(summaries.c[name] == bindparam(f"its_{name}") for name in _SHARED),
)


async def fold_sums(connection: AsyncConnection, user: str, kept: Collection[date]) -> int:
    """Add the user's sums to nobody's but on the days that are kept; return how many these are.

    It adds in Python: SQLite has no integers of any size.
    """
    rows = await connection.execute(_BOTH.where(_theirs.c.user_id == user))
    folded = [_folded(row) for row in rows if row.day not in kept]
    if folded:
        named = [{f"its_{name}": row[name] for name in _SHARED} for row in folded]
        await connection.execute(_DELETE, [{**its, "its_user": user} for its in named])
        await connection.execute(insert(summaries), folded)
    return len(folded)


def _folded(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    its = row._mapping
    sums = {name: its[f"their_{name}"] + (its[f"nobodys_{name}"] or 0) for name in _SUMS}
    return {**{name: its[name] for name in _SHARED}, "user_id": _NOBODY, **sums}
