"""Statements on tables with JSON, which is text on our side of every dialect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Insert, Table, Text, bindparam, cast, insert
from sqlalchemy.schema import Column

from cscs_sql.column_types import JsonText


def insertion(table: Table, columns: Iterable[Column[Any]]) -> Insert:
    """Inserts rows of these columns; to be run with many rows at once."""
    values = {column.name: _to_database(column) for column in columns}
    return insert(table).values(values)


def selected(column: Column[Any]) -> ColumnElement[Any]:
    """The column as a select gives it: JSON as the text it is."""
    if isinstance(column.type, JsonText):
        return cast(column, Text).label(column.name)
    return column


def _to_database(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JsonText):
        return cast(bindparam(column.name, type_=Text()), column.type)
    return bindparam(column.name, type_=column.type)
