"""What stores of usage events promise about what could not be linked: grouped, worst first."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import Correction, Link, LinkGap
from cscs_domain.events.stored import (
    LinkChange,
    Missing,
    UnresolvedGroup,
    UnresolvedQuery,
)
from cscs_domain.ports import UsageEventStore
from tests.events_site import NOW, an_event, at, linked, mail, only_one

pytestmark = pytest.mark.anyio

GHOST = Link(gaps=(LinkGap.UNKNOWN_PROJECT,), sought_project="ghost")
NOBODY = Link(project="p1", gaps=(LinkGap.UNKNOWN_USER,), sought_identity=mail("no@body"))
NOT_GRANTED = Link(user="u1", project="p1", gaps=(LinkGap.NO_ALLOCATION,))
EVERYTHING = frozenset(Missing)


async def fill(store: UsageEventStore, *pairs: tuple[ResourceUsageEvent, Link]) -> None:
    await store.store(
        [linked(event, number, link) for number, (event, link) in enumerate(pairs, 1)], at=NOW
    )


async def groups(store: UsageEventStore, query: UnresolvedQuery) -> list[UnresolvedGroup]:
    return list(await store.unresolved(query))


async def test_events_that_miss_the_same_are_one_group(store: UsageEventStore) -> None:
    late, early = an_event("2025-11-19T12:00Z", cpu=5), an_event("2025-11-18T10:00Z", cpu=7)
    link = attrs.evolve(GHOST, sought_identity=EventIdentity("s", "v", ""))
    await fill(store, (late, link), (early, link), (an_event(), Link(user="u", project="p")))

    assert await groups(store, UnresolvedQuery()) == [
        UnresolvedGroup(
            source="pbs",
            project="ghost",
            identity=EventIdentity("s", "v", ""),
            gaps=(LinkGap.UNKNOWN_PROJECT,),
            events=2,
            cpu_seconds=12,
            first=at("2025-11-18T10:00Z"),
            last=at("2025-11-19T12:00Z"),
        )
    ]


async def test_whatever_differs_makes_another_group(store: UsageEventStore) -> None:
    variants = [
        (an_event(), GHOST),
        (an_event(source="slurm"), GHOST),
        (an_event(), attrs.evolve(GHOST, sought_project="Ghost")),
        (an_event(), attrs.evolve(GHOST, sought_project=None)),
        (an_event(), attrs.evolve(GHOST, sought_identity=mail("a"))),
        (an_event(), attrs.evolve(GHOST, sought_identity=mail("A"))),
        (an_event(), attrs.evolve(GHOST, sought_identity=EventIdentity("user_email", "a", "x"))),
        (an_event(), attrs.evolve(GHOST, sought_identity=EventIdentity("oidc_sub", "a"))),
        (an_event(), attrs.evolve(GHOST, gaps=(LinkGap.AMBIGUOUS_PROJECT,))),
        (an_event(), attrs.evolve(GHOST, gaps=(*GHOST.gaps, LinkGap.UNKNOWN_USER))),
    ]
    await fill(store, *variants, *variants)

    found = await groups(store, UnresolvedQuery())

    assert [group.events for group in found] == [2] * len(variants)


async def test_what_was_found_besides_does_not_part_a_group(store: UsageEventStore) -> None:
    await fill(store, (an_event(), GHOST), (an_event(), attrs.evolve(GHOST, user="u1")))

    assert [group.events for group in await groups(store, UnresolvedQuery())] == [2]


async def test_most_processor_time_comes_first_then_most_events(store: UsageEventStore) -> None:
    def named(name: str) -> Link:
        return attrs.evolve(GHOST, sought_project=name)

    await fill(
        store,
        (an_event(cpu=1), named("few seconds")),
        (an_event(cpu=6), named("six at once")),
        (an_event(cpu=3), named("six in two")),
        (an_event(cpu=3), named("six in two")),
        (an_event(cpu=2**63 - 1), named("very many")),
        (an_event(cpu=2**63 - 1), named("very many")),
    )

    found = await groups(store, UnresolvedQuery())

    names = [group.project for group in found]
    assert names == ["very many", "six in two", "six at once", "few seconds"]
    assert found[0].cpu_seconds == 2**64 - 2


async def test_then_names_by_their_code_points(store: UsageEventStore) -> None:
    def sought(project: str | None, identity: str | None = None) -> Link:
        who = None if identity is None else mail(identity)
        return attrs.evolve(GHOST, sought_project=project, sought_identity=who)

    in_order = [
        (an_event(source="Slurm"), sought("z")),
        (an_event(source="pbs"), sought(None, "z")),
        (an_event(source="pbs"), sought("B")),
        (an_event(source="pbs"), sought("B", "_")),
        (an_event(source="pbs"), sought("B", "a")),
        (an_event(source="pbs"), sought("_")),
        (an_event(source="pbs"), sought("a")),
        (an_event(source="pbs"), sought("é")),
        (an_event(source="pbsAcct"), sought("A")),
    ]
    await fill(store, *reversed(in_order))

    found = await groups(store, UnresolvedQuery())

    assert [(group.source, group.project, group.identity) for group in found] == [
        (event.source, link.sought_project, link.sought_identity) for event, link in in_order
    ]


async def test_no_more_groups_than_asked_for(store: UsageEventStore) -> None:
    pairs = [
        (an_event(cpu=number), attrs.evolve(GHOST, sought_project=f"p{number}"))
        for number in range(20)
    ]
    await fill(store, *pairs)

    found = await groups(store, UnresolvedQuery(limit=3))

    assert [group.project for group in found] == ["p19", "p18", "p17"]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({Missing.USER}, [NOBODY]),
        ({Missing.PROJECT}, [GHOST]),
        ({Missing.ALLOCATION}, [NOT_GRANTED]),
        ({Missing.USER, Missing.PROJECT}, [NOBODY, GHOST]),
        (EVERYTHING, [NOBODY, GHOST, NOT_GRANTED]),
        (frozenset(), []),
    ],
)
async def test_only_what_is_asked_for_is_missed(
    store: UsageEventStore, missing: frozenset[Missing], expected: list[Link]
) -> None:
    await fill(
        store,
        (an_event(cpu=3), NOBODY),
        (an_event(cpu=2), GHOST),
        (an_event(cpu=1), NOT_GRANTED),
        (an_event(), Link(user="u1", project="p1", allocation="a1")),
    )

    found = await groups(store, UnresolvedQuery(missing=frozenset(missing)))

    assert [group.gaps for group in found] == [link.gaps for link in expected]


@pytest.mark.parametrize("gap", LinkGap)
async def test_every_gap_is_missed_by_what_it_is_of(store: UsageEventStore, gap: LinkGap) -> None:
    await fill(store, (an_event(), Link(gaps=(gap,))))

    for missing in Missing:
        found = await groups(store, UnresolvedQuery(missing=frozenset({missing})))

        assert len(found) == missing.misses(gap)


async def test_groups_of_a_time_and_of_a_source(store: UsageEventStore) -> None:
    first = at("2025-11-19T00:00Z")
    sources = ["pbs", "slurm"]
    pairs = [
        (
            an_event((first + timedelta(hours=hour)).isoformat(), source=sources[hour % 2]),
            attrs.evolve(GHOST, sought_project=f"p{hour}"),
        )
        for hour in range(6)
    ]
    await fill(store, *pairs)

    query = UnresolvedQuery(
        start=first + timedelta(hours=1), end=first + timedelta(hours=5), source="slurm"
    )

    assert [group.project for group in await groups(store, query)] == ["p1", "p3"]


async def test_totals_are_counted_but_their_time_is_not(store: UsageEventStore) -> None:
    await fill(store, (an_event(extra={"measure": "total"}), GHOST), (an_event(cpu=5), GHOST))

    (group,) = await groups(store, UnresolvedQuery())

    assert (group.events, group.cpu_seconds) == (2, 5)


async def test_what_was_set_by_hand_is_not_missed_any_more(store: UsageEventStore) -> None:
    await fill(store, (an_event(), GHOST))
    stored = await only_one(store)
    by_hand = attrs.evolve(GHOST, correction=Correction(by="op", at=NOW, reason="nobody's"))

    change = LinkChange(key=stored.key, revision=1, link=by_hand)
    await store.correct([change], at=NOW)
    assert await groups(store, UnresolvedQuery(missing=EVERYTHING)) == []
    await store.correct([attrs.evolve(change, link=GHOST)], at=NOW)

    assert len(await groups(store, UnresolvedQuery(missing=EVERYTHING))) == 1


async def test_what_was_linked_meanwhile_is_not_missed_any_more(store: UsageEventStore) -> None:
    await fill(store, (an_event(), GHOST))
    stored = await only_one(store)

    found = Link(user="u1", project="p1")
    await store.relink([LinkChange(key=stored.key, revision=1, link=found)], at=NOW)

    assert await groups(store, UnresolvedQuery(missing=EVERYTHING)) == []
