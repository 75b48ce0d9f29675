"""Whether the store still is what this process takes it for: asked by every transaction.

A server may have been started while the database was away, and somebody may give the store another
zone, other tables or none while it runs. Days that are noted by another zone than that of the sums
would make these wrong without a word.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, String, column, func, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_domain.errors import OutdatedStoreError
from cscs_sql.availability import lacks_something, telling_unavailability
from cscs_sql.facts import SITE_TIMEZONE, zone_name
from cscs_sql.locks import Lock
from cscs_sql.migrating import head
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.remedies import STATUS
from cscs_sql.schema import facts
from cscs_sql.schema_state import require_current, require_revision, require_zone

_Result = TypeVar("_Result")
Work: TypeAlias = Callable[[AsyncConnection], Awaitable[_Result]]

_ZONE: Final = select(facts.c.value).where(facts.c.name == SITE_TIMEZONE)
_REVISION: Final = select(column("version_num", String)).select_from(table(REVISION_TABLE))


def _standing(zone: Select[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return (
        zone.scalar_subquery().label("zone_there"),
        _REVISION.scalar_subquery().label("revision_there"),
    )


STANDING: Final = _standing(_ZONE)
"""Columns of what `check` takes, for statements that ask by the way."""
_LOOK: Final = select(*STANDING)
# Nobody changes the zone then before the transaction has ended. Who wants to takes the same lock
# alone, and gets it as soon as those before have ended; a lock of the row would be shared by
# somebody all the time. A statement of its own: what is looked at next is as it is after waiting.
_GO_ALONG: Final = select(func.pg_advisory_xact_lock_shared(Lock.MIGRATION.value))
_HOLD: Final = select(*_standing(_ZONE.with_for_update(read=True)))


class StoreGuard:
    """Knows the zone of this process, and the revision that it works with."""

    def __init__(self, engine: AsyncEngine, zone: tzinfo) -> None:
        self._engine = engine
        self._zone = zone
        self._expected = (zone_name(zone), head())

    def check(self, zone: str | None, revision: str | None) -> None:
        """Raise `OutdatedStoreError` unless the store has this zone and revision."""
        if (zone, revision) != self._expected:
            require_revision(revision)
            require_zone(zone, self._expected[0])

    async def hold(self, connection: AsyncConnection) -> None:
        """See that the store is ours, and keep it so until the end of a transaction that writes."""
        # SQLite has one writer anyway.
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            await connection.execute(_GO_ALONG)
        row = (await connection.execute(_LOOK if is_sqlite else _HOLD)).one()
        self.check(row.zone_there, row.revision_there)

    def looking(self, work: Work[_Result]) -> Work[_Result]:
        """The same work, which fails if what it has read was not ours."""

        async def look_afterwards(connection: AsyncConnection) -> _Result:
            result = await work(connection)
            self.check(*(await connection.execute(_LOOK)).one())
            return result

        return look_afterwards

    @asynccontextmanager
    async def explaining(self) -> AsyncIterator[None]:
        """Raise `OutdatedStoreError` where a statement failed on tables that are not ours.

        Raises `StoreUnavailableError` where the database is away.
        """
        try:
            with telling_unavailability():
                yield
        except DBAPIError as error:
            with telling_unavailability():
                async with self._engine.connect() as connection:
                    await connection.run_sync(require_current, self._zone)
            if not lacks_something(error):
                raise
            reason = "the event store lacks tables or columns that its revision has"
            raise OutdatedStoreError(reason, STATUS) from None
