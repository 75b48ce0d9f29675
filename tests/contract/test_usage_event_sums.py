"""What stores of usage events promise about sums: exact, by the site's days, right at once."""

from __future__ import annotations

from datetime import UTC, date, tzinfo
from zoneinfo import ZoneInfo

import attrs
import pytest

from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import (
    DaySums,
    ErasedEvent,
    LinkChange,
    StoredEvent,
    SumsQuery,
    UsageScope,
)
from cscs_domain.events.usage_sums import UsageSums, sum_events
from cscs_domain.ports import UsageEventStore
from tests.contract.usage_event_store_adapters import Opening, Stores
from tests.events_site import NOW, ZURICH, an_event, linked, only_one

pytestmark = pytest.mark.anyio

P1 = Link(user="u1", project="p1", allocation="a1")
P2 = Link(user="u2", project="p2", allocation="a2")
NINETEENTH = date(2025, 11, 19)
NEWER = "2025-11-21T00:00Z"
BY_HAND = Correction(by="op", at=NOW, reason="told")
PROJECT_1 = SumsQuery(
    scope=UsageScope.PROJECT, id="p1", first=date(2000, 1, 1), last=date(2099, 12, 31)
)


async def cpu_by_day(store: UsageEventStore, query: SumsQuery = PROJECT_1) -> dict[date, int]:
    return {found.day: found.sums.cpu_seconds for found in await store.daily_sums(query)}


async def stored_one(store: UsageEventStore, link: Link = P1) -> StoredEvent:
    await store.store([linked(an_event(cpu=1), 1, link)], at=NOW)
    return await only_one(store)


async def test_every_measure_of_a_day_is_summed(store: UsageEventStore) -> None:
    first = an_event(cpu=1, gpu=2, walltime=1800, ram=10, storage=100)
    second = an_event(cpu=3, hours=0.001)
    project = an_event(cpu=0, ram=7, storage=9, extra={"granularity": "project"}, hours=2)
    events = [first, second, project]
    await store.store([linked(event, n, P1) for n, event in enumerate(events)], at=NOW)

    (found,) = await store.daily_sums(PROJECT_1)

    assert found == DaySums(
        day=NINETEENTH,
        sums=UsageSums(
            events=3,
            cpu_seconds=4,
            gpu_seconds=2,
            walltime_seconds=1800,
            ram_byte_seconds=10 * 1800 + 7 * 7200,
            storage_byte_seconds=100 * 1800 + 9 * 7200,
        ),
    )
    assert found.sums == sum_events(events)


async def test_totals_are_counted_but_not_summed(store: UsageEventStore) -> None:
    total = an_event(cpu=100, gpu=1, walltime=5, ram=1, extra={"measure": "total"})
    await store.store([linked(total, 1, P1), linked(an_event(cpu=2), 2, P1)], at=NOW)

    (found,) = await store.daily_sums(PROJECT_1)

    assert found.sums == UsageSums(events=2, cpu_seconds=2, not_summed=1)
    assert await store.allocation_sums({"a1"}) == {"a1": found.sums}


async def test_a_day_with_totals_alone_is_there(store: UsageEventStore) -> None:
    await store.store([linked(an_event(extra={"measure": "total"}), 1, P1)], at=NOW)

    assert await cpu_by_day(store) == {NINETEENTH: 0}


async def test_huge_numbers_are_summed_exactly(store: UsageEventStore) -> None:
    most = 2**63 - 1
    event = an_event(cpu=most, gpu=most, walltime=most, ram=most, storage=most)
    await store.store([linked(event, 1, P1), linked(event, 2, P1)], at=NOW)

    (found,) = await store.daily_sums(PROJECT_1)

    assert found.sums == UsageSums(
        events=2,
        cpu_seconds=2 * most,
        gpu_seconds=2 * most,
        walltime_seconds=2 * most,
        ram_byte_seconds=2 * most * most,
        storage_byte_seconds=2 * most * most,
    )
    assert await store.allocation_sums(["a1"]) == {"a1": found.sums}


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (UTC, {date(2025, 3, 29): 3, date(2025, 3, 30): 12, date(2025, 3, 31): 16}),
        # Midnights of Zurich: 29 March 23:00Z, and after the change 30 March 22:00Z.
        (ZURICH, {date(2025, 3, 29): 1, date(2025, 3, 30): 6, date(2025, 3, 31): 24}),
        # 13 hours ahead, clocks unchanged on these days: midnights are at 11:00Z.
        (ZoneInfo("Pacific/Auckland"), {date(2025, 3, 30): 7, date(2025, 3, 31): 24}),
    ],
    ids=str,
)
async def test_days_are_those_of_the_site_on_which_windows_begin(
    opening: Opening, zone: tzinfo, expected: dict[date, int]
) -> None:
    starts = [
        "2025-03-29T22:30Z",
        "2025-03-29T23:30Z",
        "2025-03-30T00:30Z",
        "2025-03-30T22:30Z",
        "2025-03-31T00:00Z",
    ]
    async with opening(zone) as made:
        events = [linked(an_event(t, cpu=2**n), n, P1) for n, t in enumerate(starts)]
        await made.first.store(events, at=NOW)

        assert await cpu_by_day(made.first) == expected


async def test_a_day_of_25_hours_is_one_day(store: UsageEventStore) -> None:
    """26 October 2025 in Zurich: from 25 October 22:00Z to 26 October 23:00Z."""
    starts = [
        "2025-10-25T21:59:59.999999Z",
        "2025-10-25T22:00Z",
        "2025-10-26T00:30Z",
        "2025-10-26T01:30Z",
        "2025-10-26T22:59:59.999999Z",
        "2025-10-26T23:00Z",
    ]
    events = [linked(an_event(t, cpu=10**n), n, P1) for n, t in enumerate(starts)]
    await store.store(events, at=NOW)

    assert await cpu_by_day(store) == {
        date(2025, 10, 25): 1,
        date(2025, 10, 26): 11110,
        date(2025, 10, 27): 100000,
    }


async def test_a_window_over_midnight_is_of_the_day_on_which_it_begins(
    store: UsageEventStore,
) -> None:
    await store.store([linked(an_event("2025-11-19T22:00Z", hours=48, cpu=9), 1, P1)], at=NOW)

    assert await cpu_by_day(store) == {NINETEENTH: 9}


@pytest.mark.parametrize(
    ("scope", "id_", "expected"),
    [
        (UsageScope.USER, "u1", 5),
        (UsageScope.USER, "u2", 2),
        (UsageScope.PROJECT, "p1", 3),
        (UsageScope.PROJECT, "p2", 4),
        (UsageScope.ALLOCATION, "a1", 3),
        (UsageScope.ALLOCATION, "a2", 4),
    ],
)
async def test_sums_are_of_a_user_a_project_or_an_allocation(
    store: UsageEventStore, scope: UsageScope, id_: str, expected: int
) -> None:
    links = [P1, attrs.evolve(P1, user="u2"), attrs.evolve(P2, user="u1"), Link()]
    await store.store([linked(an_event(cpu=2**n), n, link) for n, link in enumerate(links)], at=NOW)

    query = attrs.evolve(PROJECT_1, scope=scope, id=id_)

    assert await cpu_by_day(store, query) == {NINETEENTH: expected}


@pytest.mark.parametrize("id_", ["P1", "p", "p_", "", "None"])
async def test_nobody_s_sums_are_nothing(store: UsageEventStore, id_: str) -> None:
    await store.store([linked(an_event(), 1, P1), linked(an_event(), 2, Link())], at=NOW)

    assert await cpu_by_day(store, attrs.evolve(PROJECT_1, id=id_)) == {}


async def test_sums_of_one_source(store: UsageEventStore) -> None:
    sources = ["pbs", "slurm", "PBS"]
    events = [linked(an_event(cpu=2**n, source=s), n, P1) for n, s in enumerate(sources)]
    await store.store(events, at=NOW)

    assert await cpu_by_day(store, attrs.evolve(PROJECT_1, source="slurm")) == {NINETEENTH: 2}
    assert await cpu_by_day(store, attrs.evolve(PROJECT_1, source="dwdi")) == {}
    assert await cpu_by_day(store) == {NINETEENTH: 7}


async def test_first_and_last_day_are_included(store: UsageEventStore) -> None:
    days = range(10, 20)
    events = [linked(an_event(f"2025-11-{d}T10:00Z", cpu=d), d, P1) for d in reversed(days)]
    await store.store(events, at=NOW)

    query = attrs.evolve(PROJECT_1, first=date(2025, 11, 12), last=date(2025, 11, 14))
    found = await store.daily_sums(query)

    assert [(sums.day.day, sums.sums.cpu_seconds) for sums in found] == [
        (12, 12),
        (13, 13),
        (14, 14),
    ]


async def test_late_events_are_in_the_sums_at_once(stores: Stores) -> None:
    await stores.first.store([linked(an_event(cpu=1), 1, P1)], at=NOW)
    assert await cpu_by_day(stores.first) == {NINETEENTH: 1}

    late = [linked(an_event(cpu=2), 2, P1), linked(an_event("2025-01-01T10:00Z", cpu=4), 3, P1)]
    await stores.second.store(late, at=NOW)

    expected = {date(2025, 1, 1): 4, NINETEENTH: 3}
    assert await cpu_by_day(stores.first) == expected
    assert await cpu_by_day(stores.second) == expected


async def test_a_replaced_event_counts_as_it_is_now(store: UsageEventStore) -> None:
    await stored_one(store)
    assert await cpu_by_day(store) == {NINETEENTH: 1}

    await store.store([linked(an_event(cpu=5, collected=NEWER), 1, P2)], at=NOW)

    assert await cpu_by_day(store) == {}
    assert await cpu_by_day(store, attrs.evolve(PROJECT_1, id="p2")) == {NINETEENTH: 5}


async def test_a_duplicate_counts_once(store: UsageEventStore) -> None:
    await stored_one(store)

    await store.store([linked(an_event(cpu=1), 1, P1)], at=NOW)

    assert await cpu_by_day(store) == {NINETEENTH: 1}


async def test_links_made_again_move_usage(store: UsageEventStore) -> None:
    there = await stored_one(store, Link())
    assert await cpu_by_day(store) == {}

    await store.relink([LinkChange(key=there.key, revision=1, link=P1)], at=NOW)
    assert await cpu_by_day(store) == {NINETEENTH: 1}
    await store.relink([LinkChange(key=there.key, revision=1, link=P2)], at=NOW)

    assert await cpu_by_day(store) == {}
    assert await store.allocation_sums({"a1", "a2"}) == {"a2": UsageSums(events=1, cpu_seconds=1)}


async def test_corrections_move_usage_and_back(store: UsageEventStore) -> None:
    there = await stored_one(store, P2)
    assert await cpu_by_day(store) == {}

    by_hand = attrs.evolve(P1, correction=BY_HAND)
    await store.correct([LinkChange(key=there.key, revision=1, link=by_hand)], at=NOW)
    assert await cpu_by_day(store) == {NINETEENTH: 1}
    await store.correct([LinkChange(key=there.key, revision=1, link=P2)], at=NOW)

    assert await cpu_by_day(store) == {}


async def test_erasure_changes_no_sum_but_the_person_s(store: UsageEventStore) -> None:
    there = await stored_one(store)
    of_user = attrs.evolve(PROJECT_1, scope=UsageScope.USER, id="u1")
    assert await cpu_by_day(store, of_user) == {NINETEENTH: 1}

    link = attrs.evolve(P1, user=None, correction=BY_HAND)
    erased = ErasedEvent(key=there.key, revision=1, event=there.event, link=link)
    await store.erase([erased], at=NOW)

    assert await cpu_by_day(store, of_user) == {}
    assert await cpu_by_day(store) == {NINETEENTH: 1}
    assert await store.allocation_sums({"a1"}) == {"a1": UsageSums(events=1, cpu_seconds=1)}


async def test_sums_of_allocations_are_of_all_time_and_sources(store: UsageEventStore) -> None:
    events = [
        linked(an_event("2001-01-01T10:00Z", cpu=1, source="slurm"), 1, P1),
        linked(an_event("2098-01-01T10:00Z", cpu=2), 2, P1),
        linked(an_event(cpu=4), 3, attrs.evolve(P2, allocation="a1")),
        linked(an_event(cpu=8), 4, P2),
        linked(an_event(cpu=16), 5, Link()),
    ]
    await store.store(events, at=NOW)

    found = await store.allocation_sums(["a1", "a2", "a2", "A1", "unknown", ""])

    assert found == {
        "a1": UsageSums(events=3, cpu_seconds=7),
        "a2": UsageSums(events=1, cpu_seconds=8),
    }
    assert await store.allocation_sums([]) == {}


async def test_sums_are_made_anew_for_touched_days_alone(store: UsageEventStore) -> None:
    assert await store.refresh() == 0
    days = ["2025-11-18T10:00Z", "2025-11-18T12:00Z", "2025-11-18T23:30Z"]
    await store.store([linked(an_event(day), n, P1) for n, day in enumerate(days)], at=NOW)

    assert await store.refresh() == 2  # the last begins on the 19th in Zurich
    assert await store.refresh() == 0
    await store.store([linked(an_event(days[0], collected=NEWER), 0, P1)], at=NOW)
    assert await store.refresh() == 1


async def test_duplicates_touch_no_day(store: UsageEventStore) -> None:
    await stored_one(store)
    await store.refresh()

    await store.store([linked(an_event(cpu=1), 1, P1)], at=NOW)

    assert await store.refresh() == 0


async def test_reading_sums_refreshes_them(store: UsageEventStore) -> None:
    await stored_one(store)
    await store.daily_sums(PROJECT_1)
    assert await store.refresh() == 0

    await store.store([linked(an_event(cpu=1), 2, P1)], at=NOW)
    await store.allocation_sums(["a1"])

    assert await store.refresh() == 0


async def test_sums_that_were_refreshed_before_are_the_same(stores: Stores) -> None:
    events = [linked(an_event(f"2025-11-{d}T10:00Z", cpu=d), d, P1) for d in range(10, 30)]
    for chunk in (events[:7], events[7:]):
        await stores.first.store(chunk, at=NOW)
        await stores.second.refresh()

    assert await cpu_by_day(stores.first) == {date(2025, 11, d): d for d in range(10, 30)}
