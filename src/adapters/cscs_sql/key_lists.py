"""Naming many events in one parameter: rows are found by their whole key.

Most ids are of one window. Of those of many windows the others are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from cscs_domain.events.stored import EventKey
from cscs_sql.column_types import Moment, microseconds
from cscs_sql.event_rows import json_text


def is_listed(table: Table, dialect: str) -> ColumnElement[bool]:
    """Whether a row's key is among those of the parameter `keys`, which `key_list` makes."""
    listed = _listed_sqlite() if dialect == "sqlite" else _listed_postgresql()
    return tuple_(table.c.event_id, table.c.time_window_start).in_(listed)


def key_list(keys: Iterable[EventKey], dialect: str) -> str:
    """The value of the parameter `keys`."""
    if dialect == "sqlite":
        pairs = [(key.event_id.hex, microseconds(key.time_window_start)) for key in keys]
        return json_text(pairs)
    return json_text(
        [{"event_id": key.event_id, "time_window_start": key.time_window_start} for key in keys]
    )


def _listed_sqlite() -> Select[str, int]:
    pair = func.json_each(bindparam("keys", type_=Text)).table_valued("value").c.value
    return select(
        func.json_extract(pair, "$[0]", type_=String),
        func.json_extract(pair, "$[1]", type_=BigInteger),
    )


def _listed_postgresql() -> Select[Any]:
    key = func.jsonb_to_recordset(cast(bindparam("keys", type_=Text), JSONB)).table_valued(
        column("event_id", Uuid), column("time_window_start", Moment), name="key"
    )
    return select(key.render_derived(with_types=True))
