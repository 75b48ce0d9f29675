"""All that a database knows about our tables, to compare one with another."""

from typing import Any

from sqlalchemy import Connection, inspect

from cscs_sql.schema import metadata


def described(connection: Connection) -> dict[str, Any]:
    """Columns, keys, checks and indexes by table."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": [
                {**column, "type": repr(column["type"])} for column in inspector.get_columns(table)
            ],
            "key": inspector.get_pk_constraint(table),
            "checks": sorted(str(check) for check in inspector.get_check_constraints(table)),
            "indexes": sorted(str(_plain(index)) for index in inspector.get_indexes(table)),
        }
        for table in metadata.tables
    }


def _plain(index: Any) -> dict[str, Any]:
    # The condition of an index on SQLite is an object that is equal to itself alone.
    options = index.get("dialect_options", {})
    return {**index, "dialect_options": {name: str(value) for name, value in options.items()}}
