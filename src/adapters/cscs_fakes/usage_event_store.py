"""Usage events in memory."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Self
from uuid import UUID

import attrs

from cscs_domain.errors import CscsError, ReusedKeyError
from cscs_domain.events.links import Link
from cscs_domain.events.newest_of_each import newest_of_each
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import (
    MOST_A_PAGE,
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
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums, sums_of
from cscs_fakes.usage_event_book import DailyUsage, EventBook, KeptReceipt, RememberedCorrection
from cscs_fakes.usage_event_search import is_wanted, unresolved_groups


class FakeUsageEventStore:
    """A store that tests can look into: `book` has all that it knows.

    Days are those of `zone`. Stores on one book are like servers on one database.
    """

    def __init__(self, zone: tzinfo, book: EventBook | None = None) -> None:
        self.zone = zone
        self.book = EventBook() if book is None else book
        self._days = SiteDays(zone)
        self._failure: CscsError | None = None

    def another(self) -> Self:
        """A store on the same book."""
        return type(self)(self.zone, self.book)

    def fail_with(self, error: CscsError | None) -> None:
        """Let every call raise this from now on; None mends it."""
        self._failure = error

    async def store(
        self, events: Sequence[LinkedEvent], *, at: datetime, receipt: Receipt | None = None
    ) -> StoreOutcome:
        """Take a batch in."""
        self._answer()
        replayed = None if receipt is None else self._replayed(receipt)
        if replayed is not None:
            return replayed
        newest = newest_of_each(events)
        known = [linked for linked in newest if linked.key in self.book.events]
        newer = [linked for linked in known if self._is_newer(linked)]
        stored = len(newest) - len(known)
        outcome = StoreOutcome(
            stored=stored, duplicates=len(events) - stored - len(newer), replaced=len(newer)
        )
        for linked in newest:
            self._take(linked)
        if receipt is not None:
            kept = KeptReceipt(receipt=receipt, outcome=outcome, at=at)
            self.book.receipts[receipt.sender, receipt.key] = kept
        return outcome

    async def page(
        self, wanted: EventFilter, *, after: EventKey | None = None, limit: int
    ) -> Sequence[StoredEvent]:
        """The next events that are wanted."""
        self._answer()
        found = (
            stored
            for key, stored in self.book.events.items()
            if (after is None or key > after) and is_wanted(stored, wanted)
        )
        return heapq.nsmallest(limit, found, key=lambda stored: stored.key)

    async def events(self, event_id: UUID) -> Sequence[StoredEvent]:
        """The events of this id."""
        self._answer()
        found = [stored for key, stored in self.book.events.items() if key.event_id == event_id]
        return sorted(found, key=lambda stored: stored.key)[:MOST_A_PAGE]

    async def relink(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put links in where none was made by hand."""
        del at  # nobody asks a store in memory when a link was made
        self._answer()
        current = [(change, self._at_revision(change.key, change.revision)) for change in changes]
        chosen = [(change, stored) for change, stored in current if stored is not None]
        free = [(change, stored) for change, stored in chosen if not stored.link.is_manual]
        for change, stored in free:
            self._put(attrs.evolve(stored, link=change.link))
        return len(free)

    async def correct(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put links in whatever stood there, and remember what did."""
        self._answer()
        count = 0
        for change in changes:
            stored = self._at_revision(change.key, change.revision)
            if stored is not None:
                self.book.corrections.append(_remembered(change, stored.link, at))
                self._put(attrs.evolve(stored, link=change.link))
                count += 1
        return count

    async def erase(self, erased: Sequence[ErasedEvent], *, at: datetime) -> int:
        """Put events without a person's data in."""
        del at
        self._answer()
        gone: set[EventKey] = set()
        for change in erased:
            stored = self._at_revision(change.key, change.revision)
            if stored is not None:
                self._put(_without_person(stored, change))
                gone.add(change.key)
        self.book.corrections[:] = [kept for kept in self.book.corrections if kept.key not in gone]
        return len(gone)

    async def forget_user(self, user: str) -> int:
        """Take the user out of what is kept besides events."""
        await self.refresh()
        self.book.corrections[:] = [kept.without(user) for kept in self.book.corrections]
        days = {
            self._days.of(stored.event.time_window_start)
            for stored in self.book.events.values()
            if stored.link.user == user
        }
        return self.book.forget_sums(user, days)

    def drop_before(self, moment: datetime) -> None:
        """Let events go as a database does that keeps them for a time only: their sums stay."""
        for key in [key for key in self.book.events if key.time_window_start < moment]:
            self.book.dropped.append(self._usage_of(self.book.events.pop(key)))

    async def unresolved(self, query: UnresolvedQuery) -> Sequence[UnresolvedGroup]:
        """Groups of events with gaps."""
        self._answer()
        return unresolved_groups(self.book.events.values(), query)

    async def refresh(self) -> int:
        """Forget which days were touched: sums are made when they are read."""
        self._answer()
        count = len(self.book.touched)
        self.book.touched.clear()
        return count

    async def daily_sums(self, query: SumsQuery) -> Sequence[DaySums]:
        """The sums of each day that has events of the scope."""
        await self.refresh()
        by_day: dict[date, UsageSums] = {}
        for used in self._usage():
            in_scope = used.id_of(query.scope) == query.id
            in_time = query.first <= used.day <= query.last
            if in_scope and in_time and query.source in {None, used.source}:
                by_day[used.day] = by_day.get(used.day, NOTHING_USED) + used.sums
        return [DaySums(day=day, sums=by_day[day]) for day in sorted(by_day)]

    async def allocation_sums(self, allocations: Collection[str]) -> Mapping[str, UsageSums]:
        """The sums of all time by allocation."""
        await self.refresh()
        wanted = frozenset(allocations)
        sums: dict[str, UsageSums] = {}
        for used in self._usage():
            allocation = used.link.allocation
            if allocation is not None and allocation in wanted:
                sums[allocation] = sums.get(allocation, NOTHING_USED) + used.sums
        return sums

    async def check(self) -> None:
        """Memory is never of another version."""
        self._answer()

    async def maintain(self, *, at: datetime) -> None:
        """Forget old receipts."""
        self._answer()
        kept = self.book.receipts.items()
        old = [name for name, receipt in kept if receipt.at < at - RECEIPTS_KEPT]
        for name in old:
            del self.book.receipts[name]

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _replayed(self, receipt: Receipt) -> StoreOutcome | None:
        kept = self.book.receipts.get((receipt.sender, receipt.key))
        if kept is None:
            return None
        if kept.receipt.digest != receipt.digest:
            raise ReusedKeyError(receipt.key)
        return attrs.evolve(kept.outcome, replayed=True)

    def _is_newer(self, linked: LinkedEvent) -> bool:
        known = self.book.events[linked.key]
        return not known.is_erased and linked.event.collected_at > known.event.collected_at

    def _take(self, linked: LinkedEvent) -> None:
        known = self.book.events.get(linked.key)
        if known is None:
            new = StoredEvent(event_id=linked.event_id, event=linked.event, link=linked.link)
            self._put(new)
        elif self._is_newer(linked):
            link = known.link if known.link.is_manual else linked.link
            revision = known.revision + 1
            self._put(attrs.evolve(known, event=linked.event, link=link, revision=revision))

    def _at_revision(self, key: EventKey, revision: int) -> StoredEvent | None:
        stored = self.book.events.get(key)
        return stored if stored is not None and stored.revision == revision else None

    def _usage(self) -> Iterator[DailyUsage]:
        yield from map(self._usage_of, self.book.events.values())
        yield from self.book.dropped

    def _usage_of(self, stored: StoredEvent) -> DailyUsage:
        return DailyUsage(
            day=self._days.of(stored.event.time_window_start),
            source=stored.event.source,
            link=stored.link,
            sums=sums_of(stored.event),
        )

    def _put(self, stored: StoredEvent) -> None:
        self.book.events[stored.key] = stored
        self.book.touched.add(self._days.of(stored.event.time_window_start))


def _remembered(change: LinkChange, before: Link, at: datetime) -> RememberedCorrection:
    who = change.link.correction or change.withdrawal
    return RememberedCorrection(
        key=change.key,
        by=None if who is None else who.by,
        at=at,
        reason=None if who is None else who.reason,
        before=before,
        after=change.link,
    )


def _without_person(stored: StoredEvent, erased: ErasedEvent) -> StoredEvent:
    return attrs.evolve(
        stored,
        event=erased.event,
        link=erased.link,
        revision=stored.revision + 1,
        is_erased=True,
    )
