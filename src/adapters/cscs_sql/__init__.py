"""Usage events, their links and the directory in SQLite, PostgreSQL and TimescaleDB.

`async_engine` opens for both of them what a URL names. The tables are made by `cscs events init`.
"""

from cscs_sql.database_urls import async_engine
from cscs_sql.directory import SqlDirectory
from cscs_sql.usage_event_store import SqlUsageEventStore

__all__ = ["SqlDirectory", "SqlUsageEventStore", "async_engine"]
