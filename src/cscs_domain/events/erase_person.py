"""Erase a person from all events, and keep what was used. Source: DESIGN section 9; ADR 0022."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import attrs

from cscs_domain.events.bounds import LONGEST_NAME
from cscs_domain.events.erasure import erase
from cscs_domain.events.event import EventIdentity, check_text
from cscs_domain.events.event_walk import chunks_of
from cscs_domain.events.further_identities import FurtherIdentities
from cscs_domain.events.link_correction import check_reason
from cscs_domain.events.links import Correction
from cscs_domain.events.persons import folded
from cscs_domain.events.stored import EventFilter, Person
from cscs_domain.progress import Progress, Stage, no_progress

if TYPE_CHECKING:
    from cscs_domain.ports import UsageEventStore

_MOST_WALKS: Final = 5


@attrs.frozen(kw_only=True)
class ErasureReport:
    """How many events told of the person, and the earliest and latest beginnings of their windows.

    `left` still do: they kept being replaced meanwhile, and to erase again takes them as well.
    `sums` of single days were the user's though their events are gone; a dry run does not count
    them. `further_identities` stood on the events, too, and may be names of the person under which
    there are more events: see `FurtherIdentities`.
    """

    events: int = 0
    left: int = 0
    first: datetime | None = None
    last: datetime | None = None
    sums: int = 0
    further_identities: tuple[EventIdentity, ...] = ()


async def erase_person(
    person: Person,
    *,
    store: UsageEventStore,
    by: str,
    at: datetime,
    reason: str,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> ErasureReport:
    """Take the person out of every event, and the user out of what is kept besides events.

    `persons.person_of` tells who that is.

    Each chunk is erased by itself: a run that was interrupted is simply run again. A dry run
    counts the same events and erases nothing. Raises `InvalidValueError` and
    `UpstreamServiceError`.
    """
    check_text("by", by, LONGEST_NAME)
    correction = Correction(by=by, at=at, reason=check_reason(reason))
    person = folded(person)
    erasing = _Erasing(person, correction, store, progress, FurtherIdentities(person))
    left = await erasing.walk(dry_run=dry_run)
    for _ in range(_MOST_WALKS - 1):
        if not left:
            break
        left = await erasing.walk(dry_run=dry_run)
    sums = 0 if dry_run or person.user is None else await store.forget_user(person.user)
    further = erasing.further.listed
    return attrs.evolve(erasing.report, left=left, sums=sums, further_identities=further)


@attrs.define
class _Erasing:
    """Walks over the events of one person."""

    _person: Person
    _correction: Correction
    _store: UsageEventStore
    _progress: Progress
    further: FurtherIdentities
    report: ErasureReport = attrs.field(factory=ErasureReport, init=False)

    async def walk(self, *, dry_run: bool) -> int:
        """Erase what is found, and return how many events were replaced meanwhile."""
        left = 0
        self._progress(Stage.ERASING, self.report.events, None)
        async for chunk in chunks_of(self._store, EventFilter(person=self._person)):
            for stored in chunk:
                self.further.note(stored)
            changes = [erase(stored, self._person, self._correction) for stored in chunk]
            count = len(changes)
            if not dry_run:
                count = await self._store.erase(changes, at=self._correction.at)
            left += len(changes) - count
            starts = [change.key.time_window_start for change in changes]
            self._note(count, starts[0], starts[-1])
        return left

    def _note(self, count: int, first: datetime, last: datetime) -> None:
        known = self.report
        self.report = ErasureReport(
            events=known.events + count,
            first=first if known.first is None else min(known.first, first),
            last=last if known.last is None else max(known.last, last),
        )
        self._progress(Stage.ERASING, self.report.events, None)
