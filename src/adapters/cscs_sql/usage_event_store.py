"""Usage events in SQLite, PostgreSQL and TimescaleDB."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import (
    RECEIPTS_KEPT,
    DaySums,
    ErasedEvent,
    EventFilter,
    EventKey,
    LinkChange,
    LinkedEvent,
    Receipt,
    StoredEvent,
    StoreOutcome,
    SumsQuery,
    UnresolvedGroup,
    UnresolvedQuery,
)
from cscs_domain.events.usage_sums import UsageSums
from cscs_domain.usage.months import Month
from cscs_sql import correcting, erasing, forgetting, listing, refreshing, summing, unresolved
from cscs_sql.availability import lacks_partition
from cscs_sql.partitions import ensure_months_async, months_ahead, months_of
from cscs_sql.schema import receipts
from cscs_sql.schema_state import require_current
from cscs_sql.store_guard import StoreGuard, Work
from cscs_sql.storing import batch_of
from cscs_sql.storing_postgresql import storing_postgresql
from cscs_sql.storing_sqlite import storing_sqlite
from cscs_sql.transactions import transactions_of

PARTITIONS_AHEAD: Final = 3
"""Months."""
_DAYS_AT_ONCE: Final = 31
_MANY: Final = 500
"""Events from which on rows are made beside the event loop and not in it."""


class SqlUsageEventStore:
    """A store in the database of an engine, whose tables are there (`check` says so).

    Days are those of `zone`. The engine is the store's own, and closed with it.
    """

    def __init__(
        self, engine: AsyncEngine, *, zone: tzinfo, partitions_ahead: int = PARTITIONS_AHEAD
    ) -> None:
        self._zone = zone
        self._days = SiteDays(zone)
        self._partitions_ahead = partitions_ahead
        self._guard = StoreGuard(engine, zone)
        self._transactions = transactions_of(engine, self._guard)
        self._has_partitions = engine.dialect.name == "postgresql"
        # Months that are known to have a partition.
        self._months: frozenset[Month] = frozenset()
        # Who waits for somebody else's refresh shall not hold a connection meanwhile.
        self._refreshing = asyncio.Lock()

    async def store(
        self, events: Sequence[LinkedEvent], *, at: datetime, receipt: Receipt | None = None
    ) -> StoreOutcome:
        """Take a batch in."""
        prepare = partial(self._prepared, events, at, receipt)
        # Other requests go on while many rows are made.
        few = len(events) <= _MANY
        months, work = prepare() if few else await asyncio.to_thread(prepare)
        await self._ensure_months(months)
        try:
            return await self._transactions.write(work, asks_itself=self._has_partitions)
        except DBAPIError as error:
            if not lacks_partition(error):
                raise
        # Somebody has taken a month away in the meantime, as retention does.
        self._months -= months
        await self._ensure_months(months)
        return await self._transactions.write(work, asks_itself=self._has_partitions)

    def _prepared(
        self, events: Sequence[LinkedEvent], at: datetime, receipt: Receipt | None
    ) -> tuple[frozenset[Month], Work[StoreOutcome]]:
        """What stores these events, with the months that it needs."""
        batch = batch_of(events, self._days, at=at, receipt=receipt)
        months = months_of(linked.event.time_window_start for linked in batch.events)
        if self._has_partitions:
            return months, storing_postgresql(batch, self._guard)
        return months, storing_sqlite(batch)

    async def page(
        self, wanted: EventFilter, *, after: EventKey | None = None, limit: int
    ) -> Sequence[StoredEvent]:
        """The next events that are wanted."""
        work = partial(listing.find_page, wanted=wanted, after=after, limit=limit)
        return await self._transactions.read(work)

    async def events(self, event_id: UUID) -> Sequence[StoredEvent]:
        """The events of this id."""
        return await self._transactions.read(partial(listing.find_events, event_id=event_id))

    async def relink(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put links in where none was made by hand."""
        work = partial(correcting.relink, changes=changes, days=self._days, at=at)
        return await self._transactions.write(work)

    async def correct(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put links in whatever stood there, and remember what did."""
        work = partial(correcting.correct, changes=changes, days=self._days, at=at)
        return await self._transactions.write(work)

    async def erase(self, erased: Sequence[ErasedEvent], *, at: datetime) -> int:
        """Put events without a person's data in."""
        work = partial(erasing.erase, erased=erased, days=self._days, at=at)
        return await self._transactions.write(work)

    async def forget_user(self, user: str) -> int:
        """Take the user out of what is kept besides events."""
        await self._refresh()
        work = partial(forgetting.forget_user, user=user, days=self._days)
        return await self._transactions.write(work)

    async def unresolved(self, query: UnresolvedQuery) -> Sequence[UnresolvedGroup]:
        """Groups of events with gaps."""
        return await self._transactions.read(partial(unresolved.find_groups, query=query))

    async def refresh(self) -> int:
        """Compute the sums of all touched days again."""
        return await self._refresh()

    async def daily_sums(self, query: SumsQuery) -> Sequence[DaySums]:
        """The sums of each day that has events of the scope."""
        await self._refresh(query.first, query.last)
        work = partial(summing.daily_sums, query=query)
        return await self._transactions.read(self._guard.looking(work))

    async def allocation_sums(self, allocations: Collection[str]) -> Mapping[str, UsageSums]:
        """The sums of all time by allocation."""
        await self._refresh()
        work = partial(summing.allocation_sums, allocations=allocations)
        return await self._transactions.read(self._guard.looking(work))

    async def check(self) -> None:
        """See whether the database is there, with our tables and our zone."""

        async def look(connection: AsyncConnection) -> None:
            await connection.run_sync(require_current, self._zone)

        await self._transactions.read(look)

    async def maintain(self, *, at: datetime) -> None:
        """Forget receipts that nobody asks for, and make room for the coming months.

        Each is done whatever becomes of the other: not everybody may make partitions.
        """
        try:
            await self._forget_receipts(at)
        finally:
            self._months = frozenset()
            await self._ensure_months(frozenset(months_ahead(at, self._partitions_ahead)))

    async def _forget_receipts(self, at: datetime) -> None:
        old = delete(receipts).where(receipts.c.received_at < at - RECEIPTS_KEPT)

        async def forget(connection: AsyncConnection) -> None:
            await connection.execute(old)

        await self._transactions.write(forget)

    async def close(self) -> None:
        """Wait for what is being written, and let go of every connection."""
        await self._transactions.close()

    async def _ensure_months(self, months: frozenset[Month]) -> None:
        missing = months - self._months
        if self._has_partitions and missing:
            await self._transactions.write(partial(ensure_months_async, months=missing))
            self._months |= missing

    async def _refresh(self, first: date | None = None, last: date | None = None) -> int:
        look = partial(refreshing.find_touched, first=first, last=last)
        if not await self._transactions.read(look):
            return 0
        async with self._refreshing:
            # Whoever was before us may have done them.
            touched = await self._transactions.read(look)
            parts = (touched[n : n + _DAYS_AT_ONCE] for n in range(0, len(touched), _DAYS_AT_ONCE))
            return sum(
                [await self._transactions.write(self._refreshing_days(days)) for days in parts]
            )

    def _refreshing_days(self, days: Sequence[date]) -> Work[int]:
        return partial(refreshing.refresh_days, days=days, site_days=self._days)
