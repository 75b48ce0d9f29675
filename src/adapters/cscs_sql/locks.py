"""Locks that processes on one PostgreSQL take for as long as a transaction. SQLite has its own."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sqlalchemy import Connection, text

from cscs_sql.schema import events

_TAKE: Final = text("SELECT pg_advisory_xact_lock(:number)")


class Lock(IntEnum):
    """The numbers are ours alone in the database; any will do that nobody else picks."""

    MIGRATION = 7235408119001
    """Of who changes the store as a whole. Others share it who write and take further locks, but
    not who stores a batch: `keep_writers_out` is for those.
    """
    PARTITIONS = 7235408119002
    SUMMARIES = 7235408119003
    DIRECTORY = 7235408119004


def keep_writers_out(connection: Connection) -> None:
    """Let nobody store events until the end of the transaction; reading goes on."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {events.name} IN EXCLUSIVE MODE")


def take(connection: Connection, lock: Lock) -> None:
    """Wait until nobody else has it; it is let go at the end of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE, {"number": lock.value})
