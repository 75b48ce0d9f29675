"""What stores of usage events promise to many writers at once: every event once, sums right."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import chain
from random import Random

import pytest

from cscs_domain.events.links import Correction, Link
from cscs_domain.events.newest_of_each import newest_of_each
from cscs_domain.events.stored import (
    LinkChange,
    LinkedEvent,
    Receipt,
    StoredEvent,
    StoreOutcome,
    SumsQuery,
    UsageScope,
)
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums, sum_events
from cscs_domain.ports import UsageEventStore
from tests.contract.usage_event_store_adapters import Stores
from tests.events_site import NOW, an_event, at, everything, linked

pytestmark = pytest.mark.anyio

START = at("2025-11-19T21:00Z")
P1 = Link(project="p1", allocation="a1")
OF_P1 = SumsQuery(
    scope=UsageScope.PROJECT, id="p1", first=date(2025, 1, 1), last=date(2025, 12, 31)
)
RECEIPT = Receipt(sender="s", key="k", digest="d")


def batches(count: int, size: int, numbers: int, seed: int = 6) -> list[list[LinkedEvent]]:
    """Batches that repeat each other's events, some of them newer, in any order."""
    random = Random(seed)
    return [[_drawn(random, numbers) for _ in range(size)] for _ in range(count)]


def _drawn(random: Random, numbers: int) -> LinkedEvent:
    number, minute = random.randrange(numbers), random.randrange(60)
    begins = START + timedelta(hours=number % 7)
    # The content follows from its age: equally new ones are the same event.
    event = an_event(begins.isoformat(), cpu=minute, collected=f"2025-11-20T00:{minute:02}Z")
    return linked(event, number, P1)


def total(outcomes: Iterable[StoreOutcome]) -> tuple[int, int]:
    """How many were stored, and how many came in."""
    made = list(outcomes)
    came = sum(outcome.stored + outcome.replaced + outcome.duplicates for outcome in made)
    return sum(outcome.stored for outcome in made), came


async def summed(store: UsageEventStore) -> UsageSums:
    found = await store.daily_sums(OF_P1)
    return sum((sums.sums for sums in found), NOTHING_USED)


def contents(events: Sequence[LinkedEvent]) -> list[tuple[object, ...]]:
    return [(event.key, event.event, event.link) for event in events]


async def test_overlapping_batches_of_many_writers_are_stored_once(stores: Stores) -> None:
    many = batches(count=40, size=25, numbers=60)
    expected = newest_of_each(chain.from_iterable(many))
    by_turns = [stores.first, stores.second]

    outcomes = await asyncio.gather(
        *(by_turns[n % 2].store(batch, at=NOW) for n, batch in enumerate(many))
    )

    assert total(outcomes) == (len(expected), 40 * 25)
    for store in by_turns:
        assert contents(await everything(store)) == contents(expected)
        assert await summed(store) == sum_events(linked.event for linked in expected)


async def test_sums_read_while_others_write_lose_nothing(stores: Stores) -> None:
    many = batches(count=20, size=10, numbers=40)
    expected = newest_of_each(chain.from_iterable(many))

    await asyncio.gather(
        *(stores.first.store(batch, at=NOW) for batch in many),
        *(stores.second.refresh() for _ in range(10)),
        *(summed(stores.first) for _ in range(5)),
    )

    assert await summed(stores.second) == sum_events(linked.event for linked in expected)


async def test_batches_in_opposite_orders_do_not_wait_for_each_other(stores: Stores) -> None:
    batch = newest_of_each(batches(count=1, size=200, numbers=50)[0])
    by_turns = [stores.first, stores.second]

    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(
            *(by_turns[n % 2].store(batch[:: 1 if n % 2 else -1], at=NOW) for n in range(12))
        )

    assert total(outcomes) == (len(batch), 12 * len(batch))


async def test_one_batch_twice_at_once_is_answered_the_same(stores: Stores) -> None:
    """A client that gave up waiting sends it again while the first is still being stored."""
    batch = newest_of_each(batches(count=1, size=20, numbers=20)[0])
    by_turns = [stores.first, stores.second] * 3

    outcomes = await asyncio.gather(
        *(store.store(batch, at=NOW, receipt=RECEIPT) for store in by_turns)
    )

    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 5
    assert {(o.stored, o.duplicates, o.replaced) for o in outcomes} == {(len(batch), 0, 0)}
    assert contents(await everything(stores.first)) == contents(batch)


async def test_links_by_hand_survive_links_that_are_made_at_once(stores: Stores) -> None:
    batch = [linked(an_event(), number) for number in range(30)]
    await stores.first.store(batch, at=NOW)
    by_hand = Link(user="u", correction=Correction(by="op", at=NOW, reason="told"))
    there = await everything(stores.first)
    newer = [linked(an_event(collected="2025-12-01T00:00Z"), number, P1) for number in range(30)]

    corrected, *_ = await asyncio.gather(
        stores.first.correct([_change(stored, by_hand) for stored in there[::3]], at=NOW),
        stores.second.relink([_change(stored, P1) for stored in there], at=NOW),
        stores.second.store(newer, at=NOW),
    )

    events = await everything(stores.first)
    assert [stored.revision for stored in events] == [2] * 30
    assert corrected == sum(stored.link == by_hand for stored in events)
    assert {stored.link for stored in events} <= {by_hand, P1}
    assert await summed(stores.second) == sum_events(
        stored.event for stored in events if stored.link == P1
    )


def _change(stored: StoredEvent, link: Link) -> LinkChange:
    return LinkChange(key=stored.key, revision=stored.revision, link=link)
