"""Whatever happens to a store of usage events, in whatever order, it has what it should have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cscs_domain.errors import ReusedKeyError
from cscs_domain.events.links import Correction, Link, LinkGap
from cscs_domain.events.stored import (
    ErasedEvent,
    EventKey,
    LinkChange,
    LinkedEvent,
    Receipt,
    SumsQuery,
    UnresolvedQuery,
    UsageScope,
)
from cscs_domain.ports import UsageEventStore
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.contract.usage_event_oracle import Oracle
from tests.contract.usage_event_store_adapters import Opening
from tests.events_site import NOW, ZURICH, an_event, at, everything, linked

pytestmark = pytest.mark.anyio

STARTS: Final = ["2025-10-25T22:00Z", "2025-10-26T22:30Z", "2025-10-26T23:30Z"]
NAMES: Final = ["x", "y"]
CORRECTION: Final = Correction(by="op", at=NOW, reason="told")

some_name = st.sampled_from([None, *NAMES])
automatic_links = st.builds(
    Link,
    user=some_name,
    project=some_name,
    allocation=some_name,
    gaps=st.sampled_from([(), (LinkGap.UNKNOWN_USER,), (LinkGap.NO_ALLOCATION,)]),
    sought_project=some_name,
)
links_by_hand = automatic_links.map(lambda link: attrs.evolve(link, correction=CORRECTION))
usage_events = st.builds(
    an_event,
    st.sampled_from(STARTS),
    cpu=st.one_of(st.integers(0, 3), st.just(2**63 - 1)),
    ram=st.sampled_from([None, 5]),
    walltime=st.sampled_from([None, 7]),
    collected=st.sampled_from([f"2025-11-{day}T00:00Z" for day in (10, 11, 12)]),
    extra=st.sampled_from([None, {"measure": "total"}]),
)
batches = st.lists(st.builds(linked, usage_events, st.integers(1, 3), automatic_links), max_size=5)
receipts = st.none() | st.builds(
    Receipt, sender=st.just("s"), key=st.sampled_from(NAMES), digest=st.sampled_from("ab")
)
keys = st.builds(
    EventKey, st.sampled_from(STARTS).map(at), st.integers(1, 3).map(lambda n: UUID(int=n))
)


@attrs.frozen
class Storing:
    """A batch comes in."""

    batch: list[LinkedEvent]
    receipt: Receipt | None

    async def happen(self, store: UsageEventStore, oracle: Oracle) -> None:
        """Both answer the same, or both refuse."""
        try:
            expected = oracle.store(self.batch, self.receipt)
        except ReusedKeyError:
            with pytest.raises(ReusedKeyError):
                await store.store(self.batch, at=NOW, receipt=self.receipt)
        else:
            assert await store.store(self.batch, at=NOW, receipt=self.receipt) == expected


@attrs.frozen
class Linking:
    """Links are made again, or set by hand, some of them of events as they were before."""

    keys: list[EventKey]
    link: Link
    is_correction: bool
    is_stale: bool

    async def happen(self, store: UsageEventStore, oracle: Oracle) -> None:
        """Both put the same number of links in."""
        changes = [
            LinkChange(key=key, revision=revision(oracle, key) - self.is_stale, link=self.link)
            for key in dict.fromkeys(self.keys)
        ]
        if self.is_correction:
            assert await store.correct(changes, at=NOW) == oracle.correct(changes)
        else:
            assert await store.relink(changes, at=NOW) == oracle.relink(changes)


@attrs.frozen
class Erasing:
    """Events lose what tells whose they are."""

    keys: list[EventKey]
    is_stale: bool

    async def happen(self, store: UsageEventStore, oracle: Oracle) -> None:
        """Both erase the same number."""
        erased = [
            ErasedEvent(
                key=stored.key,
                revision=stored.revision - self.is_stale,
                event=attrs.evolve(stored.event, context={"jobname": "erased"}),
                link=attrs.evolve(stored.link, user=None, correction=CORRECTION),
            )
            for stored in oracle.listed()
            if stored.key in self.keys
        ]
        assert await store.erase(erased, at=NOW) == oracle.erase(erased)


@attrs.frozen
class Forgetting:
    """A user is forgotten whose events may still be there."""

    user: str

    async def happen(self, store: UsageEventStore, oracle: Oracle) -> None:
        """Sums that have events are not touched: they are those of the events."""
        assert await store.forget_user(self.user) == 0
        await compare_sums(store, oracle)


@attrs.frozen
class Reading:
    """Somebody reads sums."""

    async def happen(self, store: UsageEventStore, oracle: Oracle) -> None:
        """They are right as of now."""
        await compare_sums(store, oracle)


Step: TypeAlias = Storing | Linking | Erasing | Forgetting | Reading

some_keys = st.lists(keys, max_size=4)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Storing, batches, receipts),
    st.builds(Storing, batches, receipts),
    st.builds(Linking, some_keys, automatic_links, st.booleans(), st.booleans()),
    st.builds(Linking, some_keys, links_by_hand, st.just(value=True), st.booleans()),
    st.builds(Erasing, some_keys, st.booleans()),
    st.builds(Forgetting, st.sampled_from(NAMES)),
    st.just(Reading()),
)
sequences = st.lists(steps, min_size=1, max_size=10)


def revision(oracle: Oracle, key: EventKey) -> int:
    stored = oracle.events.get(key)
    return 1 if stored is None else stored.revision


async def compare(store: UsageEventStore, oracle: Oracle) -> None:
    assert await everything(store, limit=4) == oracle.listed()
    groups = await store.unresolved(UnresolvedQuery())
    assert [(group.cpu_seconds, group.events) for group in groups] == oracle.unresolved()
    await compare_sums(store, oracle)
    assert await store.refresh() == 0


async def compare_sums(store: UsageEventStore, oracle: Oracle) -> None:
    for scope in UsageScope:
        for name in NAMES:
            query = SumsQuery(scope=scope, id=name, first=date(2025, 1, 1), last=date(2025, 12, 31))
            found = await store.daily_sums(query)
            days = [sums.day for sums in found]
            assert days == sorted(days)
            assert {sums.day: sums.sums for sums in found} == oracle.daily_sums(scope, name)
    by_allocation = await store.allocation_sums(NAMES)
    assert by_allocation == {
        name: sums for name in NAMES if (sums := oracle.allocation_sums(name)).events
    }


async def hold(first: UsageEventStore, second: UsageEventStore, happening: Sequence[Step]) -> None:
    """Let all of it happen, at the two stores in turn."""
    oracle = Oracle(ZURICH)
    for number, step in enumerate(happening):
        await step.happen(second if number % 2 else first, oracle)
    await compare(first, oracle)
    await compare(second, oracle)


@settings(max_examples=15)
@given(happening=sequences)
async def test_a_store_has_what_it_should_have(opening: Opening, happening: list[Step]) -> None:
    async with opening(ZURICH) as made:
        await hold(made.first, made.second, happening)


@given(happening=sequences)
async def test_so_has_the_store_in_memory_after_many_more(happening: list[Step]) -> None:
    store = FakeUsageEventStore(ZURICH)
    await hold(store, store.another(), happening)
