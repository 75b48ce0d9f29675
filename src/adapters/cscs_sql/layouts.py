"""How events lie in the database of a URL, asked by itself."""

from __future__ import annotations

from cscs_sql.database_urls import parsed
from cscs_sql.dialects import Layout, layout_of
from cscs_sql.opening import opened


def layout_at(url: str) -> Layout | None:
    """The layout there; None on PostgreSQL as long as there are no tables. Blocks.

    A file of SQLite need not be there. Raises `StoreUnavailableError`.
    """
    if parsed(url).drivername == "sqlite":
        return Layout.SQLITE
    with opened(url, writes=False) as connection:
        return layout_of(connection)
