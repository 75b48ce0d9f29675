"""What stores of usage events promise about users to be forgotten where no events are left."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import attrs
import pytest

from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import DaySums, EventFilter, LinkChange, SumsQuery, UsageScope
from cscs_domain.events.usage_sums import UsageSums, sum_events
from cscs_domain.ports import UsageEventStore
from tests.contract.usage_event_store_adapters import Ids, Remembered, Stores
from tests.events_site import NOW, an_event, at, everything, linked, only_one

pytestmark = pytest.mark.anyio

OLD = "2025-03-10T10:00Z"
OLD_DAY = date(2025, 3, 10)
YOUNG = "2025-11-19T10:00Z"
HORIZON = at("2025-06-01T00:00Z")
HERS = Link(user="u1", project="p1", allocation="a1")
NOBODY_S = Link(project="p1", allocation="a1")
BY_HAND = Correction(by="op", at=NOW, reason="Anna's, she says")


def sums_query(scope: UsageScope, id_: str) -> SumsQuery:
    return SumsQuery(scope=scope, id=id_, first=date(2000, 1, 1), last=date(2099, 12, 31))


async def sums(store: UsageEventStore, scope: UsageScope, id_: str) -> list[DaySums]:
    return list(await store.daily_sums(sums_query(scope, id_)))


async def fill(store: UsageEventStore, *pairs: tuple[str, Link]) -> None:
    """An event for each window and link, numbered from 1, each with twice as many seconds."""
    events = [
        linked(an_event(start, cpu=2**number, ram=2**60, walltime=1800), number, link)
        for number, (start, link) in enumerate(pairs, 1)
    ]
    await store.store(events, at=NOW)
    await store.refresh()


async def test_sums_without_events_are_nobody_s_and_still_exact(stores: Stores) -> None:
    others = attrs.evolve(HERS, user="u2")
    of_p2 = attrs.evolve(HERS, project="p2", allocation=None)
    old = [(OLD, HERS), (OLD, HERS), (OLD, NOBODY_S), (OLD, others), (OLD, of_p2)]
    await fill(stores.first, *old, (YOUNG, HERS))
    await stores.drop_before(HORIZON)
    of_project = await sums(stores.first, UsageScope.PROJECT, "p1")
    of_allocation = await stores.first.allocation_sums(["a1"])

    assert await stores.first.forget_user("u1") == 2

    hers = await sums(stores.second, UsageScope.USER, "u1")
    assert [(day.day, day.sums.cpu_seconds) for day in hers] == [(date(2025, 11, 19), 64)]
    assert await sums(stores.second, UsageScope.PROJECT, "p1") == of_project
    assert [day.sums.cpu_seconds for day in of_project] == [2 + 4 + 8 + 16, 64]
    assert [day.sums.ram_byte_seconds for day in of_project] == [4 * 1800 * 2**60, 1800 * 2**60]
    assert await stores.second.allocation_sums(["a1"]) == of_allocation
    (other,) = await sums(stores.second, UsageScope.USER, "u2")
    assert other.sums.cpu_seconds == 16
    (of_p2_then,) = await sums(stores.second, UsageScope.PROJECT, "p2")
    assert of_p2_then.sums.cpu_seconds == 32


async def test_to_forget_again_changes_nothing(stores: Stores) -> None:
    await fill(stores.first, (OLD, HERS), (OLD, NOBODY_S))
    await stores.drop_before(HORIZON)
    assert await stores.first.forget_user("u1") == 1
    before = await sums(stores.first, UsageScope.PROJECT, "p1")

    assert await stores.second.forget_user("u1") == 0
    assert await stores.second.forget_user("") == 0
    assert await sums(stores.first, UsageScope.PROJECT, "p1") == before


async def test_totals_are_counted_as_nobody_s_too(stores: Stores) -> None:
    total = an_event(OLD, cpu=9, extra={"measure": "total"})
    await stores.first.store([linked(total, 1, HERS), linked(total, 2, NOBODY_S)], at=NOW)
    await stores.first.refresh()
    await stores.drop_before(HORIZON)

    await stores.first.forget_user("u1")

    (found,) = await sums(stores.first, UsageScope.PROJECT, "p1")
    assert found == DaySums(day=OLD_DAY, sums=UsageSums(events=2, not_summed=2))


async def test_sums_that_have_events_are_right_whatever_was_touched(stores: Stores) -> None:
    """They are computed of events; who forgets does not know better."""
    event = an_event(cpu=5)
    await stores.first.store([linked(event, 1, HERS)], at=NOW)

    assert await stores.first.forget_user("u1") == 0

    (found,) = await sums(stores.first, UsageScope.USER, "u1")
    assert found.sums == sum_events([event])
    assert await stores.first.refresh() == 0


async def test_events_and_their_links_stay(stores: Stores) -> None:
    await fill(stores.first, (OLD, HERS), (YOUNG, HERS))
    await stores.drop_before(HORIZON)

    await stores.first.forget_user("u1")

    assert [one.link for one in await everything(stores.first, EventFilter(user="u1"))] == [HERS]


async def test_corrections_no_longer_tell_of_the_user(stores: Stores) -> None:
    """An event that was hers for a while is not among her events any more."""
    store = stores.first
    bobs = Link(user='u"2\\', project="p1")
    await fill(store, (YOUNG, bobs), (YOUNG, bobs))
    there, other = [await only_one(store, number) for number in (1, 2)]
    hers = attrs.evolve(HERS, correction=BY_HAND)
    mine = attrs.evolve(bobs, project="p2", correction=BY_HAND)
    withdrawal = Correction(by="op", at=NOW + timedelta(hours=1), reason="not Anna's")
    changed = [(there, mine, None), (there, hers, None), (there, bobs, withdrawal)]
    for stored, link, back in [*changed, (other, mine, None)]:
        change = LinkChange(key=stored.key, revision=stored.revision, link=link, withdrawal=back)
        assert await store.correct([change], at=NOW) == 1

    await store.forget_user("u1")

    told, to_her, from_her = await stores.corrections_of(UUID(int=1))
    his = Ids(bobs.user, "p2")
    assert told == Remembered(
        by="op", reason="Anna's, she says", before=Ids(bobs.user, "p1"), after=his
    )
    without = Ids(None, "p1", "a1")
    assert to_her == Remembered(by="erased", reason="erased", before=his, after=without)
    assert (from_her.by, from_her.reason) == ("erased", "erased")
    assert (from_her.before, from_her.after) == (without, Ids(bobs.user, "p1"))
    assert [one.by for one in await stores.corrections_of(UUID(int=2))] == ["op"]
    assert (await only_one(store)).link == bobs

    await store.forget_user(bobs.user or "")
    first, *_ = await stores.corrections_of(UUID(int=1))
    assert (first.before, first.after) == (Ids(None, "p1"), Ids(None, "p2"))
