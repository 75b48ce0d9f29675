"""A person's data: found, exported, erased, with nothing lost of what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import LONGEST_NAME, MOST_CHARACTERS
from cscs_domain.events.erase_person import ErasureReport, erase_person
from cscs_domain.events.erasure import erase
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.export_person import export_person
from cscs_domain.events.links import Correction, Link, LinkGap, LinkState, UserMatch
from cscs_domain.events.stored import (
    ErasedEvent,
    LinkChange,
    Person,
    StoredEvent,
    SumsQuery,
    UsageScope,
)
from cscs_domain.events.usage_sums import UsageSums
from cscs_domain.progress import Stage
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.events_site import NOW, START, ZURICH, an_event, at, everything, linked, mail, only_one

pytestmark = pytest.mark.anyio

PERSON = Person(user="u1", identities=frozenset({"sub-1", "anna@x", "anovak"}))
ANNA_S = Link(
    user="u1", project="p1", user_match=UserMatch.USER_EMAIL, sought_identity=mail("Anna@X")
)
BY_ERASURE = Correction(by="op", at=NOW, reason="asked for")


async def erased(
    store: FakeUsageEventStore, person: Person = PERSON, *, dry_run: bool = False
) -> ErasureReport:
    return await erase_person(
        person, store=store, by="op", at=NOW, reason="asked for", dry_run=dry_run
    )


async def store_with(*links: Link) -> FakeUsageEventStore:
    """Anna's events under numbers from 1, an hour apart, each with 100 seconds."""
    store = FakeUsageEventStore(ZURICH)
    events = []
    for number, link in enumerate(links, 1):
        start = (at(START) + timedelta(hours=number)).isoformat()
        event = an_event(start, cpu=100, identities=[mail("ANNA@x")], context={"jobname": "a"})
        events.append(linked(event, number, link))
    await store.store(events, at=NOW)
    return store


def without_person(stored: StoredEvent, person: Person = PERSON) -> ErasedEvent:
    return erase(stored, person, BY_ERASURE)


def stored_one(names: Mapping[str, object] | None = None, link: Link = ANNA_S) -> StoredEvent:
    """Anna's event, with these objects as its context and extra."""
    identities = [mail("Anna@X"), EventIdentity("perun_username", "other-name", "perun")]
    event = an_event(identities=identities, context=names, extra=names)
    linked_one = linked(event, 1, link)
    return StoredEvent(event_id=linked_one.event_id, event=event, link=link)


def test_identities_go_and_so_does_the_user() -> None:
    gone = without_person(stored_one())

    assert gone.event.identities == ()
    assert gone.link == Link(project="p1", correction=BY_ERASURE)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"owner": "ANNA@x"}, {"owner": "erased"}),
        ({"owner": " anna@x "}, {"owner": "erased"}),
        ({"owner": "Other-Name"}, {"owner": "erased"}),
        ({"deep": [{"a": ["anna@x", 1, None]}]}, {"deep": [{"a": ["erased", 1, None]}]}),
        ({"anna@x": 1, "Anna@X": 2}, {"erased": 1, "erased+": 2}),
        ({"anna@x": 1, "erased": 2}, {"erased+": 1, "erased": 2}),
        ({"owner": "anna@xy", "n": 7}, {"owner": "anna@xy", "n": 7}),
        ({"dir": "/home/ANOVAK/run_1"}, {"dir": "/home/erased/run_1"}),
        ({"of anovak": ["x-other-name"]}, {"of erased": ["x-erased"]}),
    ],
)
def test_names_of_the_person_go_wherever_they_stand(
    kept: dict[str, object], expected: dict[str, object]
) -> None:
    gone = without_person(stored_one(kept))

    assert (gone.event.context, gone.event.extra) == (expected, expected)


def test_the_name_of_a_job_goes_whatever_it_says() -> None:
    assert without_person(stored_one({"jobname": "lunch"})).event.context == {"jobname": "erased"}


def test_words_of_ours_stay_though_somebody_is_called_so() -> None:
    stored = stored_one({"measure": "delta", "granularity": "job", "owner": "job"})
    person = Person(identities=frozenset({"anna@x", "delta", "job"}))

    gone = without_person(stored, person)

    assert gone.event.extra == {"measure": "delta", "granularity": "job", "owner": "erased"}


def test_a_project_that_is_called_like_the_person_loses_its_name() -> None:
    stored = stored_one({"project": "Anovak"}, attrs.evolve(ANNA_S, sought_project="anovak"))
    assert stored.event.project_slug == "Anovak"

    gone = without_person(stored)

    assert (gone.event.project_slug, gone.event.context["project"]) == ("erased", "erased")
    assert gone.link.sought_project == "erased"
    assert gone.link.project == "p1"


def test_a_project_that_is_called_after_the_person_loses_the_name() -> None:
    name = "anovak-" * 36 + "lab"
    stored = stored_one({"project": "anovak-lab"}, attrs.evolve(ANNA_S, sought_project=name))
    stored = attrs.evolve(stored, event=attrs.evolve(stored.event, project_slug=name))

    gone = without_person(stored)

    assert gone.event.context["project"] == "erased-lab"
    assert gone.event.project_slug == gone.link.sought_project == "erased-" * 36 + "lab"


def test_a_name_that_would_become_too_long_is_cut() -> None:
    stored = stored_one()
    name = "anna-" * 51
    stored = attrs.evolve(stored, event=attrs.evolve(stored.event, project_slug=name))

    gone = without_person(stored, Person(identities=frozenset({"anna@x", "anna"})))

    assert gone.event.project_slug == ("erased-" * 51)[:LONGEST_NAME]


def test_texts_that_would_become_too_large_go_altogether() -> None:
    """`erased` is longer than `anna`, and an event that is too large could not be read again."""
    much = {"notes": "anna " * (MOST_CHARACTERS // 5 - 5), "measure": "delta"}
    gone = without_person(stored_one(much), Person(identities=frozenset({"anna@x", "anna"})))

    assert (gone.event.context, gone.event.extra) == ({}, {"measure": "delta"})
    assert gone.event.identities == ()


def test_what_was_used_and_when_stays() -> None:
    stored = stored_one()

    gone = without_person(stored)

    kept = attrs.evolve(gone.event, identities=stored.event.identities)
    assert kept == stored.event
    assert (gone.key, gone.revision) == (stored.key, stored.revision)


def test_of_somebody_else_s_event_only_the_person_s_names_go() -> None:
    link = Link(user="u2", user_match=UserMatch.USER_EMAIL, sought_identity=mail("bob@x"))
    event = an_event(identities=[mail("bob@x"), mail("ANNA@x")])
    stored = StoredEvent(event_id=linked(event).event_id, event=event, link=link)

    gone = without_person(stored)

    assert gone.event.identities == (mail("bob@x"),)
    assert gone.link == attrs.evolve(link, correction=BY_ERASURE)


CONTACTS = [mail("bob@x"), mail(" Anna@x "), mail("eve@x"), EventIdentity("oidc_sub", "sub-bob")]


def of_contacts(link: Link) -> StoredEvent:
    """The event of an OpenStack project with three contacts."""
    event = an_event(identities=CONTACTS, source="openstack")
    return StoredEvent(event_id=linked(event).event_id, event=event, link=link)


@pytest.mark.parametrize(
    "link",
    [
        Link(user="u2", user_match=UserMatch.USER_EMAIL, sought_identity=mail("bob@x")),
        Link(gaps=(LinkGap.UNKNOWN_USER,), sought_identity=mail("bob@x")),
    ],
    ids=["linked to another", "linked to nobody"],
)
def test_other_contacts_of_a_project_stay(link: Link) -> None:
    gone = without_person(of_contacts(link))

    assert gone.event.identities == (mail("bob@x"), mail("eve@x"), CONTACTS[3])
    assert (gone.link.user, gone.link.sought_identity) == (link.user, mail("bob@x"))
    assert gone.link.gaps == ()


def test_all_contacts_go_if_the_event_is_linked_to_the_person() -> None:
    assert without_person(of_contacts(ANNA_S)).event.identities == ()


def test_a_user_who_was_found_by_the_person_s_name_is_the_person() -> None:
    """The user's record may be gone, or have been another's before."""
    only_named = Person(identities=frozenset({"anna@x"}))

    assert without_person(stored_one(), only_named).link.user is None


def test_a_user_who_was_set_by_hand_is_another() -> None:
    told = Correction(by="op", at=at(START), reason="Bob's")
    link = attrs.evolve(ANNA_S, user="u2", user_match=None, correction=told)

    gone = without_person(stored_one(link=link))

    assert (gone.link.user, gone.link.sought_identity) == ("u2", None)
    assert gone.event.identities == (EventIdentity("perun_username", "other-name", "perun"),)


def test_an_unknown_user_is_not_missed_any_more() -> None:
    gaps = (LinkGap.UNKNOWN_USER, LinkGap.NO_ALLOCATION)

    gone = without_person(stored_one(link=attrs.evolve(ANNA_S, user=None, gaps=gaps)))

    assert (gone.link.gaps, gone.link.state) == ((LinkGap.NO_ALLOCATION,), LinkState.RESOLVED)


async def test_every_event_of_the_person_is_erased_and_no_other() -> None:
    store = await store_with(ANNA_S, Link(), ANNA_S)
    other = an_event("2025-11-19T20:00Z", identities=[mail("bob@x")])
    await store.store([linked(other, 9)], at=NOW)

    report = await erased(store)

    assert report == ErasureReport(
        events=3, first=at("2025-11-19T11:00Z"), last=at("2025-11-19T13:00Z")
    )
    events = await everything(store)
    assert [stored.is_erased for stored in events] == [True, True, True, False]
    assert {stored.event.identities for stored in events[:3]} == {()}
    assert events[3].event == other


async def test_totals_stay_but_for_the_person_s() -> None:
    store = await store_with(ANNA_S, ANNA_S)
    of_project = SumsQuery(
        scope=UsageScope.PROJECT, id="p1", first=date(2025, 1, 1), last=date(2025, 12, 31)
    )
    before = await store.daily_sums(of_project)

    await erased(store)

    assert await store.daily_sums(of_project) == before
    assert before[0].sums == UsageSums(events=2, cpu_seconds=200)
    assert await store.daily_sums(attrs.evolve(of_project, scope=UsageScope.USER, id="u1")) == []


async def test_other_identities_on_the_events_are_told_of_and_not_looked_for() -> None:
    """Other events with the e-mail alone stay, and nobody but people knows whose they are."""
    store = FakeUsageEventStore(ZURICH)
    both = an_event(identities=[mail("Anna@Old"), EventIdentity("perun_username", "anovak")])
    only_old = an_event("2025-11-19T12:00Z", identities=[mail("anna@old")])
    await store.store([linked(both, 1), linked(both, 2), linked(only_old, 3)], at=NOW)
    person = Person(identities=frozenset({"anovak"}))

    planned = await erased(store, person, dry_run=True)
    report = await erased(store, person)

    assert report.further_identities == (mail("Anna@Old"),)
    assert planned == report
    assert (await only_one(store, 3)).event == only_old
    again = await erased(store, Person(identities=frozenset({"anna@old"})))
    assert (again.events, again.further_identities) == (1, ())


async def test_sums_of_events_that_are_gone_are_the_person_s_no_longer() -> None:
    store = await store_with(ANNA_S, ANNA_S)
    store.drop_before(at("2025-11-19T12:00Z"))
    planned = await erased(store, dry_run=True)

    report = await erased(store)

    assert (planned.sums, report.events, report.sums) == (0, 1, 1)
    of_user = SumsQuery(
        scope=UsageScope.USER, id="u1", first=date(2025, 1, 1), last=date(2025, 12, 31)
    )
    assert await store.daily_sums(of_user) == []
    (day,) = await store.daily_sums(attrs.evolve(of_user, scope=UsageScope.PROJECT, id="p1"))
    assert day.sums == UsageSums(events=2, cpu_seconds=200)


async def test_a_correction_to_the_person_and_back_is_not_remembered() -> None:
    store = await store_with(Link(user="u2", correction=BY_ERASURE))
    (there,) = await everything(store)
    there = attrs.evolve(there, event=attrs.evolve(there.event, identities=()))
    store.book.events[there.key] = there
    for link in (ANNA_S, there.link):
        change = LinkChange(key=there.key, revision=1, link=link, withdrawal=BY_ERASURE)
        await store.correct([change], at=NOW)

    assert (await erased(store)).events == 0

    assert all(kept.by == kept.reason == "erased" for kept in store.book.corrections)
    ids = {kept.before.user for kept in store.book.corrections}
    assert ids | {kept.after.user for kept in store.book.corrections} == {"u2", None}


async def test_to_erase_again_finds_nothing() -> None:
    store = await store_with(ANNA_S)
    await erased(store)

    assert await erased(store) == ErasureReport()
    assert (await only_one(store)).revision == 2


async def test_a_dry_run_counts_the_same_and_erases_nothing() -> None:
    store = await store_with(ANNA_S, Link())
    before = await everything(store)

    planned = await erased(store, dry_run=True)

    assert await everything(store) == before
    assert await erased(store) == planned


async def test_many_events_are_erased_with_progress_told() -> None:
    store, told = await store_with(*[ANNA_S] * 501), []

    def tell(stage: Stage, done: int, total: int | None) -> None:
        told.append((stage, done, total))

    await erase_person(PERSON, store=store, by="op", at=NOW, reason="asked for", progress=tell)

    assert told == [(Stage.ERASING, done, None) for done in (0, 500, 501)]
    assert all(stored.is_erased for stored in await everything(store, limit=600))


class Busy(FakeUsageEventStore):
    """So many times a newer event of the person's comes in just before events are erased."""

    times = 0

    async def erase(self, erased: Sequence[ErasedEvent], *, at: datetime) -> int:
        if self.times:
            self.times -= 1
            newer = an_event(
                identities=[mail("anna@x")], collected=f"2026-01-0{9 - self.times}T00:00Z"
            )
            await self.store([linked(newer)], at=at)
        return await super().erase(erased, at=at)


@pytest.mark.parametrize(("times", "left"), [(1, 0), (4, 0), (5, 1)])
async def test_events_that_are_replaced_meanwhile_are_erased_in_another_walk(
    times: int, left: int
) -> None:
    store = Busy(ZURICH)
    await store.store([linked(an_event(identities=[mail("anna@x")]))], at=NOW)
    store.times = times

    report = await erased(store)

    assert (report.events, report.left) == (1 - left, left)
    assert (await only_one(store)).is_erased == (not left)


@pytest.mark.parametrize(("by", "reason"), [("", "r"), ("op", " "), ("op\0", "r")])
async def test_whoever_erases_has_a_name_and_a_reason(by: str, reason: str) -> None:
    with pytest.raises(InvalidValueError):
        await erase_person(PERSON, store=await store_with(), by=by, at=NOW, reason=reason)


async def test_an_export_has_all_of_the_person_s_events_in_order() -> None:
    store = await store_with(*[ANNA_S] * 501)
    await store.store([linked(an_event(), 900)], at=NOW)

    exported = [wire async for wire in export_person(PERSON, store=store)]

    assert len(exported) == 501
    starts = [str(wire["time_window_start"]) for wire in exported]
    assert starts == sorted(starts)
    first = exported[0]
    assert first["identities"] == [{"scheme": "user_email", "value": "ANNA@x", "authority": None}]
    assert isinstance(first["link"], dict)
    assert (first["link"]["user"], first["event_id"]) == ("u1", f"{0:08}-0000-0000-0000-{1:012}")
