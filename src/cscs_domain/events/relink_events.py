"""Make links again, of events that are stored already. Source: ADR 0022."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cscs_domain.events.event_walk import chunks_of
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.relink_report import Relinked, RelinkReport
from cscs_domain.events.stored import EventFilter, StoredEvent
from cscs_domain.progress import Progress, Stage, no_progress

if TYPE_CHECKING:
    from cscs_domain.ports import Directory, UsageEventStore


async def relink_events(
    wanted: EventFilter,
    *,
    store: UsageEventStore,
    directory: Directory,
    at: datetime,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> RelinkReport:
    """Make the links of all these events anew, but for those that were set by hand.

    Each chunk is put in by itself: a run that was interrupted is simply run again. A dry run
    counts the same and puts nothing in. Raises `UpstreamServiceError`.
    """
    report = RelinkReport()
    progress(Stage.LINKING, 0, None)
    async for chunk in chunks_of(store, wanted):
        made = await _made_again(chunk, directory)
        changed = [one for one in made if one.before != one.after]
        overtaken = 0
        if changed and not dry_run:
            put = await store.relink([one.change for one in changed], at=at)
            overtaken = len(changed) - put
        report = report.plus(RelinkReport.of(made, seen=len(chunk), overtaken=overtaken))
        progress(Stage.LINKING, report.seen, None)
    return report


async def _made_again(chunk: Sequence[StoredEvent], directory: Directory) -> list[Relinked]:
    automatic = [stored for stored in chunk if not stored.link.is_manual]
    if not automatic:
        return []
    known = await directory.find(wanted_by(stored.event for stored in automatic))
    book = known.book
    return [Relinked(stored=stored, after=link(stored.event, book)) for stored in automatic]
