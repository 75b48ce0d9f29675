"""What a store of usage events should have done, said as simply as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, tzinfo

import attrs

from cscs_domain.errors import ReusedKeyError
from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.links import LinkState
from cscs_domain.events.stored import (
    ErasedEvent,
    EventKey,
    LinkChange,
    LinkedEvent,
    Receipt,
    StoredEvent,
    StoreOutcome,
    UsageScope,
)
from cscs_domain.events.usage_sums import UsageSums, sum_events


@attrs.define
class Oracle:
    """Knows every event that a store should have, and what each call should have answered."""

    zone: tzinfo
    events: dict[EventKey, StoredEvent] = attrs.Factory(dict)
    receipts: dict[str, tuple[str, StoreOutcome]] = attrs.Factory(dict)

    def store(self, batch: Sequence[LinkedEvent], receipt: Receipt | None) -> StoreOutcome:
        """The first outcome for a receipt that is known, or else what becomes of the batch."""
        if receipt is None:
            return self._store(batch)
        if receipt.key in self.receipts:
            digest, outcome = self.receipts[receipt.key]
            if digest != receipt.digest:
                raise ReusedKeyError(receipt.key)
            return attrs.evolve(outcome, replayed=True)
        outcome = self._store(batch)
        self.receipts[receipt.key] = receipt.digest, outcome
        return outcome

    def _store(self, batch: Sequence[LinkedEvent]) -> StoreOutcome:
        """Each key alone: the newest of the batch against what is there."""
        by_key = defaultdict(list)
        for linked in batch:
            by_key[linked.key].append(linked)
        made = [self._take(key, same) for key, same in by_key.items()]
        stored, replaced = made.count("stored"), made.count("replaced")
        duplicates = len(batch) - stored - replaced
        return StoreOutcome(stored=stored, replaced=replaced, duplicates=duplicates)

    def _take(self, key: EventKey, same: list[LinkedEvent]) -> str:
        newest = max(same, key=lambda linked: linked.event.collected_at)
        there = self.events.get(key)
        if there is None:
            self.events[key] = StoredEvent(
                event_id=key.event_id, event=newest.event, link=newest.link
            )
            return "stored"
        if there.is_erased or newest.event.collected_at <= there.event.collected_at:
            return "duplicate"
        link = there.link if there.link.is_manual else newest.link
        self.events[key] = attrs.evolve(
            there, event=newest.event, link=link, revision=there.revision + 1
        )
        return "replaced"

    def relink(self, changes: Iterable[LinkChange]) -> int:
        """Links that nobody made."""
        return sum(self._relink(change, by_hand_too=False) for change in changes)

    def correct(self, changes: Iterable[LinkChange]) -> int:
        """Any links."""
        return sum(self._relink(change, by_hand_too=True) for change in changes)

    def _relink(self, change: LinkChange, *, by_hand_too: bool) -> bool:
        there = self.events.get(change.key)
        if there is None or there.revision != change.revision:
            return False
        if there.link.is_manual and not by_hand_too:
            return False
        self.events[change.key] = attrs.evolve(there, link=change.link)
        return True

    def erase(self, erased: Iterable[ErasedEvent]) -> int:
        """Whoever's events, at the revision that was looked at."""
        return sum(self._erase(change) for change in erased)

    def _erase(self, erased: ErasedEvent) -> bool:
        there = self.events.get(erased.key)
        if there is None or there.revision != erased.revision:
            return False
        self.events[erased.key] = attrs.evolve(
            there,
            event=erased.event,
            link=erased.link,
            revision=there.revision + 1,
            is_erased=True,
        )
        return True

    def listed(self) -> list[StoredEvent]:
        """All of them, in order."""
        return [self.events[key] for key in sorted(self.events)]

    def daily_sums(self, scope: UsageScope, id_: str) -> dict[date, UsageSums]:
        """The sums of every day."""
        by_day: dict[date, list[ResourceUsageEvent]] = defaultdict(list)
        for stored in self.events.values():
            if getattr(stored.link, scope.value) == id_:
                local = stored.event.time_window_start.astimezone(self.zone)
                by_day[local.date()].append(stored.event)
        return {day: sum_events(events) for day, events in by_day.items()}

    def allocation_sums(self, id_: str) -> UsageSums:
        """The sums of all days."""
        days = self.daily_sums(UsageScope.ALLOCATION, id_).values()
        return sum(days, UsageSums())

    def unresolved(self) -> list[tuple[int, int]]:
        """Processor time and number of events that miss the same user or project, most first."""
        groups: dict[object, list[ResourceUsageEvent]] = defaultdict(list)
        for stored in self.events.values():
            link = stored.link
            if link.state is not LinkState.RESOLVED:
                shared = stored.event.source, link.sought_project, link.sought_identity, link.gaps
                groups[shared].append(stored.event)
        sizes = [(sum_events(group).cpu_seconds, len(group)) for group in groups.values()]
        return sorted(sizes, reverse=True)
