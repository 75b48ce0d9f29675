"""What stores of usage events promise about batches: once each, newest first, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import permutations
from typing import overload
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import ReusedKeyError
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.links import (
    AllocationMatch,
    Link,
    LinkGap,
    ProjectMatch,
    UserMatch,
)
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_domain.events.stored import LinkedEvent, Receipt, StoreOutcome
from cscs_domain.ports import UsageEventStore
from tests.contract.usage_event_store_adapters import Opening, Stores
from tests.events_site import NOW, ZURICH, an_event, everything, linked, mail, only_one

pytestmark = pytest.mark.anyio

OLD = "2025-11-20T00:00Z"
NEW = "2025-11-20T00:00:00.000001Z"
RECEIPT = Receipt(sender="pbs1", key="batch-1", digest="d1")


class BrokenInTheMiddle(Sequence[LinkedEvent]):
    """Three events of which the last cannot be had."""

    def __init__(self, first: LinkedEvent, second: LinkedEvent) -> None:
        self._there = (first, second)

    def __len__(self) -> int:
        return 3

    @overload
    def __getitem__(self, index: int) -> LinkedEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LinkedEvent]: ...
    def __getitem__(self, index: int | slice) -> LinkedEvent | Sequence[LinkedEvent]:
        if index == 2:
            raise RuntimeError("the third event is broken")
        return self._there[index]

    def __iter__(self) -> Iterator[LinkedEvent]:
        yield from self._there
        raise RuntimeError("the third event is broken")


async def test_a_new_event_is_stored_with_its_link(store: UsageEventStore) -> None:
    link = Link(
        user="u1",
        project="p1",
        allocation="a1",
        user_match=UserMatch.PERUN_USER,
        project_match=ProjectMatch.OPENSTACK_REQUEST,
        allocation_match=AllocationMatch.OPENSTACK_REQUEST,
        sought_project="G207",
        sought_identity=EventIdentity("perun_user", "anovak", "perun"),
    )

    outcome = await store.store([linked(an_event(), 1, link)], at=NOW)

    assert outcome == StoreOutcome(stored=1)
    stored = await only_one(store)
    assert (stored.event, stored.link) == (an_event(), link)
    assert (stored.event_id, stored.revision, stored.is_erased) == (UUID(int=1), 1, False)


async def test_whatever_an_event_holds_comes_back_as_it_was(store: UsageEventStore) -> None:
    nested = {
        "null": None,
        "yes": True,
        "list": [1, -1.5, "a", {}, [None]],
        "": {"é\u2028😀": "\t\\'"},
    }
    most = ResourceUsageMetrics(**dict.fromkeys(METRIC_NAMES, 2**63 - 1))
    event = attrs.evolve(
        an_event("2099-12-31T22:59:59.999999Z", collected="2001-02-03T04:05:06.000007+05:45"),
        metrics=most,
        identities=(EventIdentity("nobody's", "% _ ' \" \\ ß", ""), mail("a@b"), mail("a@b")),
        context=nested,
        extra={"measure": "total", "big": 2**63 - 1, "small": -(2**63)},
        project_slug="",
        is_personal=True,
        schema_version="1.0-ß",
        source="pbsAcct",
    )
    gaps = (LinkGap.NO_DEFAULT_PROJECT, LinkGap.UNKNOWN_USER)
    link = Link(gaps=gaps, sought_project="% ß", sought_identity=EventIdentity("s", "v", ""))

    await store.store([linked(event, 1, attrs.evolve(link, resolver_version=7))], at=NOW)

    stored = await only_one(store)
    assert stored.event == event
    assert stored.link == attrs.evolve(link, resolver_version=7)


@pytest.mark.parametrize("extra", [None, {}])
async def test_no_extra_is_not_an_empty_one(
    store: UsageEventStore, extra: dict[str, object] | None
) -> None:
    await store.store([linked(an_event(extra=extra))], at=NOW)

    assert (await only_one(store)).event.extra == extra


async def test_nothing_measured_is_not_zero(store: UsageEventStore) -> None:
    zeros = ResourceUsageMetrics(**dict.fromkeys(METRIC_NAMES, 0))
    nothing = ResourceUsageMetrics(cpu_time_seconds=0)
    events = [attrs.evolve(an_event(), metrics=metrics) for metrics in (zeros, nothing)]

    await store.store([linked(event, number) for number, event in enumerate(events)], at=NOW)

    assert [(await only_one(store, number)).event.metrics for number in (0, 1)] == [zeros, nothing]


async def test_an_empty_batch_is_stored_at_once(store: UsageEventStore) -> None:
    assert await store.store([], at=NOW) == StoreOutcome()


async def test_an_event_that_is_there_already_is_a_duplicate(store: UsageEventStore) -> None:
    await store.store([linked(an_event())], at=NOW)

    assert await store.store([linked(an_event())], at=NOW) == StoreOutcome(duplicates=1)
    assert (await only_one(store)).revision == 1


@pytest.mark.parametrize("collected", [OLD, "2025-11-19T23:59:59.999999Z"])
async def test_an_event_that_is_not_newer_changes_nothing(
    store: UsageEventStore, collected: str
) -> None:
    await store.store([linked(an_event(cpu=1, collected=OLD), 1, Link(user="u1"))], at=NOW)

    again = linked(an_event(cpu=2, collected=collected), 1, Link(user="u2"))
    outcome = await store.store([again], at=NOW)

    assert outcome == StoreOutcome(duplicates=1)
    stored = await only_one(store)
    assert (stored.event, stored.link.user) == (an_event(cpu=1, collected=OLD), "u1")


async def test_a_newer_event_replaces_content_and_link(store: UsageEventStore) -> None:
    await store.store([linked(an_event(cpu=1, collected=OLD), 1, Link(user="u1"))], at=NOW)

    newer = an_event(cpu=2, collected=NEW, hours=2, source="pbsAcct", context={"a": 1})
    outcome = await store.store([linked(newer, 1, Link(user="u2"))], at=NOW)

    assert outcome == StoreOutcome(replaced=1)
    stored = await only_one(store)
    assert (stored.event, stored.link, stored.revision) == (newer, Link(user="u2"), 2)


async def test_one_id_in_two_windows_makes_two_events(store: UsageEventStore) -> None:
    early, late = an_event("2025-11-19T10:00Z"), an_event("2025-11-19T11:00Z")

    outcome = await store.store([linked(late), linked(early)], at=NOW)

    assert outcome == StoreOutcome(stored=2)
    assert [stored.event for stored in await store.events(UUID(int=1))] == [early, late]


async def test_an_unknown_id_has_no_events(store: UsageEventStore) -> None:
    assert list(await store.events(UUID(int=9))) == []


async def test_of_one_key_twice_in_a_batch_the_newest_counts(store: UsageEventStore) -> None:
    batch = [linked(an_event(cpu=1, collected=OLD)), linked(an_event(cpu=2, collected=NEW))]

    assert await store.store(batch, at=NOW) == StoreOutcome(stored=1, duplicates=1)
    stored = await only_one(store)
    assert (stored.event.metrics.cpu_time_seconds, stored.revision) == (2, 1)


async def test_of_equally_new_ones_in_a_batch_the_first_counts(store: UsageEventStore) -> None:
    await store.store([linked(an_event(cpu=cpu)) for cpu in (1, 2, 3)], at=NOW)

    assert (await only_one(store)).event.metrics.cpu_time_seconds == 1


async def test_a_key_twice_in_a_batch_replaces_once(store: UsageEventStore) -> None:
    await store.store([linked(an_event(cpu=1, collected="2025-11-19T12:00Z"))], at=NOW)

    batch = [linked(an_event(cpu=2, collected=OLD)), linked(an_event(cpu=3, collected=NEW))]
    outcome = await store.store(batch, at=NOW)

    assert outcome == StoreOutcome(replaced=1, duplicates=1)
    stored = await only_one(store)
    assert (stored.event.metrics.cpu_time_seconds, stored.revision) == (3, 2)


async def test_the_order_of_a_batch_does_not_matter(opening: Opening) -> None:
    there = [linked(an_event(collected=OLD), number) for number in (1, 2)]
    batch = [
        linked(an_event(cpu=5, collected=NEW), 1),
        linked(an_event(cpu=6, collected=OLD), 2),
        linked(an_event(cpu=7), 3),
        linked(an_event(cpu=8, collected=NEW), 3),
    ]
    results = []
    for ordered in list(permutations(batch))[::5]:
        async with opening(ZURICH) as made:
            await made.first.store(there, at=NOW)
            outcome = await made.first.store(ordered, at=NOW)
            results.append((outcome, await everything(made.first)))

    assert all(result == results[0] for result in results)
    assert results[0][0] == StoreOutcome(stored=1, replaced=1, duplicates=2)


async def test_nothing_is_left_of_a_batch_that_breaks(store: UsageEventStore) -> None:
    await store.store([linked(an_event(cpu=1, collected=OLD))], at=NOW)
    await store.refresh()
    newer = linked(an_event(cpu=2, collected=NEW))

    with pytest.raises(RuntimeError, match="third event"):
        await store.store(BrokenInTheMiddle(newer, linked(an_event(), 2)), at=NOW, receipt=RECEIPT)

    assert [stored.event.metrics.cpu_time_seconds for stored in await everything(store)] == [1]
    assert await store.refresh() == 0
    assert await store.store([newer], at=NOW, receipt=RECEIPT) == StoreOutcome(replaced=1)


async def test_a_batch_that_is_sent_again_is_answered_as_before(stores: Stores) -> None:
    batch = [linked(an_event(), 1), linked(an_event(), 2), linked(an_event(), 2)]
    first = await stores.first.store(batch, at=NOW, receipt=RECEIPT)

    again = await stores.second.store(batch, at=NOW, receipt=RECEIPT)

    assert first == StoreOutcome(stored=2, duplicates=1)
    assert again == attrs.evolve(first, replayed=True)


async def test_a_replay_stores_nothing(store: UsageEventStore) -> None:
    """The digest says that it is the same batch: the events are not even looked at."""
    await store.store([linked(an_event(), 1)], at=NOW, receipt=RECEIPT)

    await store.store([linked(an_event(), 2)], at=NOW, receipt=RECEIPT)

    assert [stored.event_id for stored in await everything(store)] == [UUID(int=1)]


async def test_a_key_with_another_content_is_refused(store: UsageEventStore) -> None:
    await store.store([linked(an_event(), 1)], at=NOW, receipt=RECEIPT)

    other = attrs.evolve(RECEIPT, digest="d2")
    with pytest.raises(ReusedKeyError, match="batch-1"):
        await store.store([linked(an_event(), 2)], at=NOW, receipt=other)

    assert [stored.event_id for stored in await everything(store)] == [UUID(int=1)]


async def test_two_senders_may_choose_one_key(store: UsageEventStore) -> None:
    await store.store([linked(an_event(), 1)], at=NOW, receipt=RECEIPT)

    other = Receipt(sender="pbs2", key=RECEIPT.key, digest="d2")
    outcome = await store.store([linked(an_event(), 2)], at=NOW, receipt=other)

    assert outcome == StoreOutcome(stored=1)


async def test_an_empty_batch_has_a_receipt_too(store: UsageEventStore) -> None:
    await store.store([], at=NOW, receipt=RECEIPT)

    outcome = await store.store([], at=NOW, receipt=RECEIPT)

    assert outcome == StoreOutcome(replayed=True)


async def test_receipts_are_kept_for_two_weeks(store: UsageEventStore) -> None:
    batch = [linked(an_event())]
    await store.store(batch, at=NOW, receipt=RECEIPT)

    await store.maintain(at=NOW + timedelta(days=13))
    assert (await store.store(batch, at=NOW, receipt=RECEIPT)).replayed
    await store.maintain(at=NOW + timedelta(days=15))

    assert await store.store(batch, at=NOW, receipt=RECEIPT) == StoreOutcome(duplicates=1)


async def test_two_stores_see_the_same(stores: Stores) -> None:
    await stores.first.store([linked(an_event(), 1)], at=NOW)
    await stores.second.store([linked(an_event(), 2)], at=NOW)

    assert await everything(stores.first) == await everything(stores.second)
    assert len(await everything(stores.first)) == 2


async def test_a_store_that_was_set_up_can_be_used(store: UsageEventStore) -> None:
    await store.check()
