"""Links that are made again: what changes is counted and put in, what people set is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryProject, DirectoryUser, KnownDirectory
from cscs_domain.events.ingest_events import ingest_events
from cscs_domain.events.links import RESOLVER_VERSION, Correction, Link, LinkState
from cscs_domain.events.relink_events import relink_events
from cscs_domain.events.relink_report import MOST_EXAMPLES, RelinkReport, relink_report_to_wire
from cscs_domain.events.stored import EventFilter, LinkChange
from cscs_domain.progress import Stage
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.events_site import NOW, START, ZURICH, an_event, at, everything, linked, mail, only_one

pytestmark = pytest.mark.anyio

EVERYTHING = EventFilter()
ANNA = DirectoryUser(id="u1", email="anna@x")
CLIMATE = DirectoryProject(id="p1", title="Climate")
FULL = KnownDirectory(users=(ANNA,), projects=(CLIMATE,))


async def filled(count: int, known: KnownDirectory | None = None) -> FakeUsageEventStore:
    """Events of Anna's in the climate project, linked by this directory."""
    store = FakeUsageEventStore(ZURICH)
    events = [
        an_event(
            (at(START) + timedelta(hours=number)).isoformat(),
            identities=[mail("anna@x")],
            context={"project": "climate"},
        )
        for number in range(count)
    ]
    await ingest_events(events, store=store, directory=FakeDirectory(known), at=NOW)
    return store


async def relinked(
    store: FakeUsageEventStore,
    directory: FakeDirectory,
    wanted: EventFilter = EVERYTHING,
    *,
    dry_run: bool = False,
) -> RelinkReport:
    return await relink_events(wanted, store=store, directory=directory, at=NOW, dry_run=dry_run)


async def states(store: FakeUsageEventStore) -> set[LinkState]:
    return {stored.link.state for stored in await everything(store)}


async def test_a_project_approved_later_is_found_for_past_events() -> None:
    store = await filled(3, KnownDirectory(users=(ANNA,)))
    assert await states(store) == {LinkState.PARTIAL}

    report = await relinked(store, FakeDirectory(FULL))

    assert (report.seen, report.changed, report.newly_resolved) == (3, 3, 3)
    assert await states(store) == {LinkState.RESOLVED}
    assert {stored.link.project for stored in await everything(store)} == {"p1"}


async def test_a_second_run_changes_nothing() -> None:
    store = await filled(3)
    await relinked(store, FakeDirectory(FULL))
    before = await everything(store)

    report = await relinked(store, FakeDirectory(FULL))

    assert report == RelinkReport(seen=3, unchanged=3)
    assert await everything(store) == before


async def test_a_dry_run_counts_the_same_and_changes_nothing() -> None:
    store = await filled(12)
    before = await everything(store)

    planned = await relinked(store, FakeDirectory(FULL), dry_run=True)

    assert await everything(store) == before
    assert await relinked(store, FakeDirectory(FULL)) == planned
    assert await everything(store) != before


async def test_links_by_hand_are_kept_and_counted() -> None:
    store = await filled(2)
    first, _ = await everything(store)
    by_hand = Link(user="u9", correction=Correction(by="op", at=NOW, reason="told"))
    await store.correct([LinkChange(key=first.key, revision=1, link=by_hand)], at=NOW)

    report = await relinked(store, FakeDirectory(FULL))

    assert (report.seen, report.changed, report.manual) == (2, 1, 1)
    assert (await everything(store))[0].link == by_hand


async def test_for_links_by_hand_alone_nobody_is_asked() -> None:
    store, directory = await filled(1), FakeDirectory(FULL)
    (only,) = await everything(store)
    by_hand = Link(correction=Correction(by="op", at=NOW, reason="nobody's"))
    await store.correct([LinkChange(key=only.key, revision=1, link=by_hand)], at=NOW)

    assert await relinked(store, directory) == RelinkReport(seen=1, manual=1)
    assert directory.finds == 0


async def test_what_goes_from_the_directory_is_told() -> None:
    store = await filled(2, FULL)

    report = await relinked(store, FakeDirectory())

    assert (report.changed, report.newly_unresolved, report.newly_resolved) == (2, 2, 0)
    assert await states(store) == {LinkState.UNRESOLVED}


async def test_a_link_of_older_rules_that_leads_alike_is_renewed_but_no_change() -> None:
    store = await filled(1, FULL)
    (stored,) = await everything(store)
    old = attrs.evolve(stored.link, resolver_version=RESOLVER_VERSION - 1)
    await store.relink([LinkChange(key=stored.key, revision=1, link=old)], at=NOW)

    report = await relinked(store, FakeDirectory(FULL))

    assert report == RelinkReport(seen=1, unchanged=1)
    assert (await everything(store))[0].link.resolver_version == RESOLVER_VERSION


async def test_only_the_wanted_events_are_linked_again() -> None:
    store = await filled(4)

    wanted = EventFilter(start=at(START) + timedelta(hours=1), end=at(START) + timedelta(hours=3))
    report = await relinked(store, FakeDirectory(FULL), wanted)

    assert report.seen == 2
    resolved = [stored.link.state is LinkState.RESOLVED for stored in await everything(store)]
    assert resolved == [False, True, True, False]


async def test_unresolved_ones_are_all_found_though_they_vanish_from_the_list() -> None:
    store = await filled(1100)

    report = await relinked(store, FakeDirectory(FULL), EventFilter(only_unresolved=True))

    assert (report.seen, report.newly_resolved) == (1100, 1100)
    assert await states(store) == {LinkState.RESOLVED}


async def test_the_directory_is_asked_once_for_500_events() -> None:
    store, directory = await filled(1001), FakeDirectory(FULL)

    await relinked(store, directory)

    assert directory.finds == 3


async def test_progress_is_told_after_every_chunk() -> None:
    told: list[tuple[Stage, int, int | None]] = []

    def tell(stage: Stage, done: int, total: int | None) -> None:
        told.append((stage, done, total))

    store = await filled(501)
    await relink_events(
        EVERYTHING, store=store, directory=FakeDirectory(FULL), at=NOW, progress=tell
    )

    assert told == [(Stage.LINKING, done, None) for done in (0, 500, 501)]


async def test_a_run_that_broke_off_is_run_again() -> None:
    store, directory = await filled(501), FakeDirectory(FULL)

    def break_off(stage: Stage, done: int, total: int | None) -> None:
        del stage, total
        if done == 500:
            directory.fail_with(UpstreamServiceError("the directory", "is away"))

    with pytest.raises(UpstreamServiceError):
        await relink_events(
            EVERYTHING, store=store, directory=directory, at=NOW, progress=break_off
        )
    directory.recover()
    report = await relinked(store, directory)

    assert (report.unchanged, report.changed) == (500, 1)
    assert await states(store) == {LinkState.RESOLVED}


async def test_events_that_are_replaced_meanwhile_are_told() -> None:
    class Busy(FakeUsageEventStore):
        """A newer event comes in just before links are put in."""

        async def relink(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
            await self.store([linked(an_event(collected="2026-01-01T00:00Z"))], at=at)
            return await super().relink(changes, at=at)

    store = Busy(ZURICH)
    await store.store([linked(an_event(context={"project": "climate"}), 1)], at=NOW)

    report = await relinked(store, FakeDirectory(FULL))

    assert (report.seen, report.changed, report.overtaken) == (1, 1, 1)
    assert (await only_one(store)).link == Link()


async def test_a_report_shows_the_first_that_changed() -> None:
    store = await filled(MOST_EXAMPLES + 600)

    report = await relinked(store, FakeDirectory(FULL), dry_run=True)

    assert [one.stored.key for one in report.examples] == [
        stored.key for stored in (await everything(store))[:MOST_EXAMPLES]
    ]
    wire = relink_report_to_wire(attrs.evolve(report, examples=report.examples[:1]))
    examples = wire.pop("examples")
    assert wire == {
        "seen": 610,
        "changed": 610,
        "unchanged": 0,
        "manual": 0,
        "newly_resolved": 610,
        "newly_unresolved": 0,
        "overtaken": 0,
    }
    assert isinstance(examples, list)
    (example,) = examples
    assert UUID(example["event_id"]) == report.examples[0].stored.event_id
    assert example["time_window_start"] == "2025-11-19T10:00:00Z"
    assert (example["before"]["project"], example["after"]["project"]) == (None, "p1")


async def test_nothing_to_link_is_no_error() -> None:
    directory = FakeDirectory(FULL)

    assert await relinked(FakeUsageEventStore(ZURICH), directory) == RelinkReport()
    assert directory.finds == 0
