"""What stores of usage events promise about listings: in order, page by page, by every filter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from cscs_domain.events.links import Correction, Link, LinkGap
from cscs_domain.events.stored import EventFilter, EventKey, Person
from cscs_domain.ports import UsageEventStore
from tests.events_site import NOW, an_event, at, everything, linked, mail

pytestmark = pytest.mark.anyio

BY_HAND = Correction(by="op", at=NOW, reason="told by phone")
UNKNOWN_USER = (LinkGap.UNKNOWN_USER,)


async def numbers(store: UsageEventStore, wanted: EventFilter, *, limit: int = 100) -> list[int]:
    return [stored.event_id.int for stored in await everything(store, wanted, limit=limit)]


async def fill(store: UsageEventStore, *links: Link) -> None:
    """An event for each link, numbered from 1, an hour apart."""
    events = [
        linked(an_event(f"2025-11-19T{number:02}:00Z"), number, link)
        for number, link in enumerate(links, 1)
    ]
    await store.store(events, at=NOW)


async def test_pages_go_by_window_and_then_by_id(store: UsageEventStore) -> None:
    low, high = UUID(int=2**127).int, UUID(int=2**128 - 1).int
    events = [
        linked(an_event("2025-11-19T10:00Z"), high),
        linked(an_event("2025-11-19T10:00Z"), low),
        linked(an_event("2025-11-19T10:00Z"), 2**60),
        linked(an_event("2025-11-19T10:00:00.000001Z"), 1),
        linked(an_event("2025-11-19T10:59+01:00"), 2**100),
    ]
    await store.store(events, at=NOW)

    assert await numbers(store, EventFilter()) == [2**100, 2**60, low, high, 1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 1000])
async def test_pages_of_any_size_leave_nothing_out(store: UsageEventStore, limit: int) -> None:
    events = [linked(an_event(f"2025-11-{19 + number // 3}T10:00Z"), number) for number in range(6)]
    await store.store(events, at=NOW)

    assert await numbers(store, EventFilter(), limit=limit) == list(range(6))


async def test_a_page_begins_after_a_key_that_is_not_there(store: UsageEventStore) -> None:
    await fill(store, Link(), Link(), Link())

    after = EventKey(at("2025-11-19T01:30Z"), UUID(int=7))
    page = await store.page(EventFilter(), after=after, limit=10)

    assert [stored.event_id.int for stored in page] == [2, 3]


async def test_windows_that_begin_from_start_to_before_end(store: UsageEventStore) -> None:
    await fill(store, Link(), Link(), Link(), Link())

    wanted = EventFilter(start=at("2025-11-19T02:00Z"), end=at("2025-11-19T05:00+01:00"))

    assert await numbers(store, wanted) == [2, 3]
    assert await numbers(store, EventFilter(start=wanted.start)) == [2, 3, 4]
    assert await numbers(store, EventFilter(end=wanted.end)) == [1, 2, 3]


async def test_events_of_a_source_exactly(store: UsageEventStore) -> None:
    sources = ["pbs", "pbsAcct", "PBS", "pbs"]
    events = [linked(an_event(source=source), number) for number, source in enumerate(sources)]
    await store.store(events, at=NOW)

    assert await numbers(store, EventFilter(source="pbs")) == [0, 3]
    assert await numbers(store, EventFilter(source="slurm")) == []


@pytest.mark.parametrize(
    ("link_to", "linked_to"),
    [
        (lambda id_: Link(user=id_), lambda id_: EventFilter(user=id_)),
        (lambda id_: Link(project=id_), lambda id_: EventFilter(project=id_)),
        (lambda id_: Link(allocation=id_), lambda id_: EventFilter(allocation=id_)),
    ],
    ids=["user", "project", "allocation"],
)
async def test_events_by_what_they_are_linked_to(
    store: UsageEventStore,
    link_to: Callable[[str], Link],
    linked_to: Callable[[str], EventFilter],
) -> None:
    links = [link_to(id_) for id_ in ("x", "X", "x_", "x")]
    await fill(store, *links, Link(), Link(user="y", project="y", allocation="y"))

    assert await numbers(store, linked_to("x")) == [1, 4]
    assert await numbers(store, linked_to("_")) == []


async def test_only_unresolved_ones_leave_out_what_is_resolved(store: UsageEventStore) -> None:
    await fill(
        store,
        Link(),
        Link(user="u1", project="p1"),
        Link(user="u1", project="p1", gaps=(LinkGap.NO_ALLOCATION,)),
        Link(project="p1", gaps=UNKNOWN_USER),
        Link(gaps=UNKNOWN_USER),
        Link(gaps=UNKNOWN_USER, correction=BY_HAND),
    )

    assert await numbers(store, EventFilter(only_unresolved=True)) == [4, 5]


async def test_a_person_is_found_by_link_or_by_identity(store: UsageEventStore) -> None:
    events = [
        linked(an_event(), 1, Link(user="u1")),
        linked(an_event(identities=[mail("b@x"), mail("Anna@X")]), 2, Link(user="u2")),
        linked(an_event(identities=[mail("anna@xy")]), 3),
        linked(an_event(identities=[mail("ann_@x")]), 4),
        linked(an_event(context={"owner": "anna@x"}), 5),
    ]
    await store.store(events, at=NOW)

    both = Person(user="u1", identities=frozenset({"aNNa@x"}))
    assert await numbers(store, EventFilter(person=both)) == [1, 2]
    assert await numbers(store, EventFilter(person=Person(user="u1"))) == [1]
    assert await numbers(store, EventFilter(person=Person(identities=both.identities))) == [2]
    assert await numbers(store, EventFilter(person=Person())) == []


@pytest.mark.parametrize(
    ("kept", "sought"),
    [
        ("JÜRGEN@X", "jürgen@x"),
        ("żaneta", "ŻANETA"),
        ("İpek", "i̇pek"),
        ("straße", "STRASSE"),
        ("Σίσυφος", "σίσυφος"),
        ('quote"\\back', 'QUOTE"\\BACK'),
        ("100%_", "100%_"),
        ("a%b", "axb"),
        (" dsvoboda\t", "DSVOBODA"),
        ("dsvoboda", "\u3000dsvoboda "),
        ("ds voboda", "dsvoboda"),
        (" ", " "),
    ],
)
async def test_identities_are_the_same_if_python_lowers_them_to_the_same(
    store: UsageEventStore, kept: str, sought: str
) -> None:
    await store.store([linked(an_event(identities=[mail(kept)]), 1)], at=NOW)

    found = await numbers(store, EventFilter(person=Person(identities=frozenset({sought}))))

    name = kept.strip().lower()
    assert found == ([1] if name and name == sought.strip().lower() else [])


async def test_pages_of_a_person_are_full(store: UsageEventStore) -> None:
    """Somebody's events are rare: a page is not what is left of a page of everybody's."""
    owners = ["anna" if number % 7 == 0 else "ANNABEL" for number in range(50)]
    events = [
        linked(an_event(identities=[mail(owner)]), number) for number, owner in enumerate(owners)
    ]
    await store.store(events, at=NOW)

    wanted = EventFilter(person=Person(identities=frozenset({"Anna"})))

    assert await numbers(store, wanted, limit=3) == list(range(0, 50, 7))


async def test_filters_hold_together_and_page_by_page(store: UsageEventStore) -> None:
    link = Link(user="u1", project="p1", allocation="a1", gaps=UNKNOWN_USER)
    other = Link(user="u2", project="p1", allocation="a1", gaps=UNKNOWN_USER)
    start = at("2025-11-01T00:00Z")
    events = []
    for number in range(60):
        begins = start + timedelta(hours=12 * number)
        source = "pbs" if number % 2 else "slurm"
        event = an_event(begins.isoformat(), source=source, identities=[mail(f"M{number % 3}")])
        events.append(linked(event, number, other if number % 5 == 0 else link))
    await store.store(events, at=NOW)

    wanted = EventFilter(
        start=start + timedelta(days=5),
        end=start + timedelta(days=20),
        source="pbs",
        user="u1",
        project="p1",
        allocation="a1",
        only_unresolved=True,
        person=Person(identities=frozenset({"m1"})),
    )
    expected = [number for number in range(10, 40) if number % 6 == 1 and number % 5]

    for limit in (1, 2, 100):
        assert await numbers(store, wanted, limit=limit) == expected
