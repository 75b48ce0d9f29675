"""What stores of usage events promise about links: made again, set by hand, taken back, erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from cscs_domain.events.links import Correction, Link, LinkGap, ProjectMatch
from cscs_domain.events.stored import (
    ErasedEvent,
    EventKey,
    LinkChange,
    StoredEvent,
    StoreOutcome,
)
from cscs_domain.ports import UsageEventStore
from tests.contract.usage_event_store_adapters import Ids, Remembered, Stores
from tests.events_site import NOW, UNRESOLVED, an_event, at, everything, linked, mail, only_one

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(hours=1)
OPERATOR = Correction(by="op", at=LATER, reason="told by ß")
BY_HAND = Link(user="u9", project="p9", correction=OPERATOR)
FOUND = Link(user="u1", project="p1", project_match=ProjectMatch.TITLE)
NEWER = "2025-11-21T00:00Z"


def change(stored: StoredEvent, link: Link) -> LinkChange:
    return LinkChange(key=stored.key, revision=stored.revision, link=link)


async def filled(
    store: UsageEventStore, links: Sequence[Link] = (UNRESOLVED,)
) -> list[StoredEvent]:
    await store.store(
        [linked(an_event(), number, link) for number, link in enumerate(links, 1)], at=NOW
    )
    return await everything(store, limit=1000)


async def test_a_new_link_takes_the_place_of_the_old(store: UsageEventStore) -> None:
    first, second = await filled(store, [UNRESOLVED, UNRESOLVED])

    assert await store.relink([change(first, FOUND)], at=LATER) == 1

    assert await only_one(store, 1) == attrs.evolve(first, link=FOUND)
    assert await only_one(store, 2) == second


async def test_links_by_hand_stay_when_links_are_made_again(store: UsageEventStore) -> None:
    first, second, third = await filled(store, [UNRESOLVED] * 3)
    await store.correct([change(second, BY_HAND)], at=LATER)

    count = await store.relink([change(stored, FOUND) for stored in (first, second, third)], at=NOW)

    assert count == 2
    assert [(await only_one(store, number)).link for number in (1, 2, 3)] == [FOUND, BY_HAND, FOUND]


async def test_a_link_made_of_an_older_event_is_not_put_in(store: UsageEventStore) -> None:
    (stale,) = await filled(store)
    newer = Link(project="p2")
    await store.store([linked(an_event(collected=NEWER), 1, newer)], at=NOW)

    assert await store.relink([change(stale, FOUND)], at=LATER) == 0
    assert await store.correct([change(stale, BY_HAND)], at=LATER) == 0
    assert (await only_one(store)).link == newer


async def test_links_of_events_that_are_not_there_are_nobody_s(stores: Stores) -> None:
    unknown = EventKey(at("2025-11-19T10:00Z"), UUID(int=5))
    other_window = EventKey(at("2025-11-19T11:00Z"), UUID(int=1))
    await filled(stores.first)
    changes = [LinkChange(key=key, revision=1, link=FOUND) for key in (unknown, other_window)]

    assert await stores.first.relink(changes, at=LATER) == 0
    assert await stores.first.correct(changes, at=LATER) == 0
    assert list(await stores.corrections_of(UUID(int=5))) == []
    assert (await only_one(stores.first)).link == UNRESOLVED


async def test_nothing_to_do_is_done_at_once(store: UsageEventStore) -> None:
    assert await store.relink([], at=NOW) == 0
    assert await store.correct([], at=NOW) == 0
    assert await store.erase([], at=NOW) == 0


async def test_many_links_are_put_in_at_once(store: UsageEventStore) -> None:
    there = await filled(store, [UNRESOLVED] * 500)

    changes = [change(stored, Link(user=f"u{number}")) for number, stored in enumerate(there)]

    assert await store.relink(changes, at=LATER) == 500
    assert [(await only_one(store, number)).link.user for number in (1, 500)] == ["u0", "u499"]


async def test_a_link_by_hand_is_put_in_and_remembered(stores: Stores) -> None:
    (there,) = await filled(stores.first, [attrs.evolve(FOUND, allocation="a1")])

    assert await stores.first.correct([change(there, BY_HAND)], at=LATER) == 1

    assert await only_one(stores.second) == attrs.evolve(there, link=BY_HAND)
    assert list(await stores.corrections_of(there.event_id)) == [
        Remembered(
            by="op", reason="told by ß", before=Ids("u1", "p1", "a1"), after=Ids("u9", "p9", None)
        )
    ]


async def test_a_link_by_hand_is_taken_back_and_that_is_remembered_too(stores: Stores) -> None:
    (there,) = await filled(stores.first)
    await stores.first.correct([change(there, BY_HAND)], at=LATER)
    withdrawal = Correction(by="boss", at=LATER, reason="was wrong")

    back = attrs.evolve(change(there, FOUND), withdrawal=withdrawal)
    assert await stores.first.correct([back], at=LATER) == 1

    stored = await only_one(stores.first)
    assert (stored.link, stored.link.is_manual) == (FOUND, False)
    first, second = await stores.corrections_of(there.event_id)
    assert (first.by, first.before, first.after) == ("op", Ids(), Ids("u9", "p9"))
    assert second == Remembered(
        by="boss", reason="was wrong", before=Ids("u9", "p9"), after=Ids("u1", "p1")
    )


async def test_a_link_by_hand_takes_the_place_of_another(stores: Stores) -> None:
    (there,) = await filled(stores.first)
    other = attrs.evolve(BY_HAND, user="u8", gaps=(LinkGap.NO_ALLOCATION,))
    for link in (BY_HAND, other):
        assert await stores.first.correct([change(there, link)], at=LATER) == 1

    assert (await only_one(stores.first)).link == other
    assert len(await stores.corrections_of(there.event_id)) == 2


async def test_a_newer_event_keeps_its_link_by_hand(store: UsageEventStore) -> None:
    (there,) = await filled(store)
    await store.correct([change(there, BY_HAND)], at=LATER)

    newer = an_event(cpu=5, collected=NEWER)
    outcome = await store.store([linked(newer, 1, FOUND)], at=LATER)

    assert outcome == StoreOutcome(replaced=1)
    stored = await only_one(store)
    assert (stored.event, stored.link, stored.revision) == (newer, BY_HAND, 2)


async def test_a_correction_taken_back_lets_links_be_made_again(store: UsageEventStore) -> None:
    (there,) = await filled(store)
    await store.correct([change(there, BY_HAND)], at=LATER)
    await store.correct([change(there, UNRESOLVED)], at=LATER)

    assert await store.relink([change(there, FOUND)], at=LATER) == 1


def erased(stored: StoredEvent) -> ErasedEvent:
    """The event without its identities, and no longer anybody's."""
    link = attrs.evolve(stored.link, user=None, sought_identity=None, correction=OPERATOR)
    event = attrs.evolve(stored.event, identities=(), context={"jobname": "erased"})
    return ErasedEvent(key=stored.key, revision=stored.revision, event=event, link=link)


async def test_an_erased_event_tells_no_more_whose_it_is(stores: Stores) -> None:
    event = an_event(identities=[mail("anna@x")], context={"jobname": "anna's"}, extra={"job": 1})
    await stores.first.store([linked(event, 1, FOUND), linked(event, 2, FOUND)], at=NOW)
    there, other = [await only_one(stores.first, number) for number in (1, 2)]

    assert await stores.first.erase([erased(there)], at=LATER) == 1

    gone = await only_one(stores.second)
    assert (gone.event, gone.link) == (erased(there).event, erased(there).link)
    assert (gone.is_erased, gone.revision) == (True, 2)
    assert await only_one(stores.second, 2) == other


async def test_what_corrections_remember_of_an_erased_event_is_forgotten(stores: Stores) -> None:
    first, second = await filled(stores.first, [FOUND, FOUND])
    await stores.first.correct([change(first, BY_HAND), change(second, BY_HAND)], at=LATER)

    await stores.first.erase([erased(await only_one(stores.first, 1))], at=LATER)

    assert list(await stores.corrections_of(first.event_id)) == []
    assert len(await stores.corrections_of(second.event_id)) == 1


async def test_an_erased_event_is_never_replaced(store: UsageEventStore) -> None:
    (there,) = await filled(store)
    await store.erase([erased(there)], at=LATER)
    gone = await only_one(store)

    newer = linked(an_event(cpu=7, collected="2026-01-01T00:00Z", identities=[mail("a@x")]))
    outcome = await store.store([newer], at=LATER)

    assert outcome == StoreOutcome(duplicates=1)
    assert await only_one(store) == gone


async def test_only_the_revision_that_was_looked_at_is_erased(store: UsageEventStore) -> None:
    """Somebody's newer event may hold more of them than the older one did."""
    (stale,) = await filled(store)
    await store.store([linked(an_event(collected=NEWER), 1, UNRESOLVED)], at=NOW)

    assert await store.erase([erased(stale)], at=LATER) == 0
    assert not (await only_one(store)).is_erased


async def test_links_of_erased_events_stay_when_links_are_made_again(
    store: UsageEventStore,
) -> None:
    (there,) = await filled(store)
    await store.erase([erased(there)], at=LATER)
    gone = await only_one(store)

    assert await store.relink([change(gone, FOUND)], at=LATER) == 0
    assert await only_one(store) == gone


async def test_an_event_may_be_erased_twice(store: UsageEventStore) -> None:
    (there,) = await filled(store)
    await store.erase([erased(there)], at=LATER)

    assert await store.erase([erased(await only_one(store))], at=LATER) == 1
    assert (await only_one(store)).revision == 3
