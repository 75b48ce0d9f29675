"""Links set by hand: by names of the directory, kept where left out, taken back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import (
    InvalidValueError,
    StoreUnavailableError,
    UnknownEntryError,
    UnknownEventError,
    UpstreamServiceError,
)
from cscs_domain.events.correct_link import correct_link, withdraw_correction
from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    KnownDirectory,
)
from cscs_domain.events.link_correction import LEFT_OUT, Choice, CorrectionRequest
from cscs_domain.events.links import (
    AllocationMatch,
    Correction,
    Link,
    LinkGap,
    LinkState,
    ProjectMatch,
    UserMatch,
)
from cscs_domain.events.stored import MOST_A_PAGE, ErasedEvent, LinkChange, StoredEvent
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.events_site import NOW, START, UNRESOLVED, ZURICH, an_event, at, linked, only_one

pytestmark = pytest.mark.anyio

KNOWN = KnownDirectory(
    users=(
        DirectoryUser(id="u1", external_id="Sub-1", email="Anna@X", username="anovak"),
        DirectoryUser(id="u2", username="twin", email="b@x"),
        DirectoryUser(id="u3", username="c", email="twin"),
        DirectoryUser(id="anovak2", username="u1"),
    ),
    projects=(
        DirectoryProject(id="p1", title="Climate", slug="g207"),
        DirectoryProject(id="p2", title="Weather Tomorrow"),
        DirectoryProject(id="p3", title="Empty"),
        DirectoryProject(id="p4", title="Same"),
        DirectoryProject(id="p5", title="Other", slug="same"),
    ),
    allocations=(
        DirectoryAllocation(id="a1", project="p1"),
        DirectoryAllocation(id="a1-old", project="p1", status=AllocationStatus.EXPIRED),
        DirectoryAllocation(id="a2", project="p2"),
        DirectoryAllocation(id="a3", project="p3", end=at("2020-01-01T00:00Z")),
    ),
)
LINKED = Link(
    user="u1",
    project="p1",
    allocation="a1-old",
    user_match=UserMatch.PERUN_USERNAME,
    project_match=ProjectMatch.SLUG,
    allocation_match=AllocationMatch.PROJECT_LATEST,
)
BY_HAND = Correction(by="op", at=NOW, reason="told")


async def store_with(*links: Link) -> FakeUsageEventStore:
    """One id, an event for each link, an hour apart."""
    store = FakeUsageEventStore(ZURICH)
    starts = [(at(START) + timedelta(hours=number)).isoformat() for number in range(len(links))]
    events = [
        linked(an_event(start, context={"project": "climate"}), 1, link)
        for start, link in zip(starts, links, strict=True)
    ]
    await store.store(events, at=NOW)
    return store


async def corrected(
    link: Link,
    *,
    user: Choice = LEFT_OUT,
    project: Choice = LEFT_OUT,
    allocation: Choice = LEFT_OUT,
) -> Link:
    """The link of an event that had this one."""
    store = await store_with(link)
    request = CorrectionRequest(user=user, project=project, allocation=allocation, reason="told")
    (made,) = await correct(store, request)
    assert made == await only_one(store)
    assert made.link.correction == BY_HAND
    return made.link


async def correct(
    store: FakeUsageEventStore, request: CorrectionRequest, *, dry_run: bool = False
) -> Sequence[StoredEvent]:
    return await correct_link(
        UUID(int=1),
        request,
        store=store,
        directory=FakeDirectory(KNOWN),
        by="op",
        at=NOW,
        dry_run=dry_run,
    )


async def withdraw(store: FakeUsageEventStore, *, dry_run: bool = False) -> Sequence[StoredEvent]:
    return await withdraw_correction(
        UUID(int=1),
        store=store,
        directory=FakeDirectory(KNOWN),
        by="op",
        at=NOW,
        reason="was wrong",
        dry_run=dry_run,
    )


async def test_what_is_left_out_stays() -> None:
    link = await corrected(LINKED, user="u2")

    assert link == attrs.evolve(LINKED, user="u2", user_match=None, correction=BY_HAND)


async def test_with_everything_left_out_a_link_is_confirmed_as_it_is() -> None:
    assert await corrected(LINKED) == attrs.evolve(LINKED, correction=BY_HAND)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sub-1", "u1"), ("ANOVAK", "u1"), ("anna@x", "u1"), ("u1", "u1"), ("anovak2", "anovak2")],
)
async def test_users_are_named_by_id_and_else_by_what_only_they_have(
    name: str, expected: str
) -> None:
    assert (await corrected(UNRESOLVED, user=name)).user == expected


@pytest.mark.parametrize("name", ["p1", "CLIMATE", " climate ", "G207"])
async def test_projects_are_named_by_id_title_or_slug(name: str) -> None:
    link = await corrected(UNRESOLVED, project=name)

    assert (link.project, link.project_match) == ("p1", None)


async def test_a_project_without_a_slug_is_named_by_that_of_its_title() -> None:
    assert (await corrected(UNRESOLVED, project="weather-tomorrow")).project == "p2"


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"user": "Nobody"}, "user 'Nobody' is not in the directory"),
        ({"user": "sub-1"}, "user 'sub-1' is not in the directory"),
        ({"user": "a%"}, "is not in the directory"),
        ({"user": "twin"}, "may be any of u2, u3: give the id"),
        ({"project": "ghost"}, "project 'ghost' is not in the directory"),
        ({"project": "same"}, "may be any of p4, p5: give the id"),
        ({"allocation": "A1"}, "allocation 'A1' is not in the directory"),
        ({"allocation": "a2"}, "is of project 'p2', the link of 'p1': name the project as well"),
        ({"project": "p3", "allocation": "a1"}, "is of project 'p1', the link of 'p3'"),
    ],
)
async def test_names_that_lead_nowhere_are_refused_and_change_nothing(
    choices: dict[str, str], reason: str
) -> None:
    store = await store_with(LINKED)

    with pytest.raises(UnknownEntryError, match=reason):
        await correct(store, CorrectionRequest(reason="told", **choices))

    assert (await only_one(store)).link == LINKED
    assert store.book.corrections == []


async def test_another_project_gets_an_allocation_by_the_rule() -> None:
    link = await corrected(LINKED, project="p2")

    assert (link.project, link.allocation) == ("p2", "a2")
    assert (link.project_match, link.allocation_match) == (None, AllocationMatch.PROJECT_LATEST)
    assert link.user_match is UserMatch.PERUN_USERNAME


async def test_a_project_that_stays_keeps_its_allocation() -> None:
    assert (await corrected(LINKED, project="climate")).allocation == "a1-old"


async def test_a_project_without_an_allocation_at_that_time_has_a_gap() -> None:
    link = await corrected(LINKED, project="p3")

    assert (link.allocation, link.gaps) == (None, (LinkGap.NO_ALLOCATION,))
    assert link.state is LinkState.RESOLVED


async def test_an_allocation_may_be_named_whatever_its_dates_are() -> None:
    link = await corrected(LINKED, project="p3", allocation="a3")

    assert (link.project, link.allocation, link.allocation_match) == ("p3", "a3", None)


async def test_an_allocation_brings_its_project_along() -> None:
    link = await corrected(UNRESOLVED, allocation="a2")

    assert (link.project, link.allocation) == ("p2", "a2")
    assert link.gaps == (LinkGap.UNKNOWN_USER,)


async def test_none_takes_away() -> None:
    no_user = await corrected(LINKED, user=None)
    no_project = await corrected(LINKED, project=None)
    no_allocation = await corrected(LINKED, allocation=None)

    assert (no_user.user, no_user.project, no_user.user_match) == (None, "p1", None)
    assert (no_project.project, no_project.allocation) == (None, None)
    assert (no_project.project_match, no_project.allocation_match) == (None, None)
    assert (no_allocation.project, no_allocation.allocation) == ("p1", None)
    assert [link.gaps for link in (no_user, no_project, no_allocation)] == [()] * 3


async def test_a_project_with_no_allocation_on_purpose() -> None:
    link = await corrected(LINKED, project="p2", allocation=None)

    assert (link.project, link.allocation, link.gaps) == ("p2", None, ())


async def test_gaps_are_closed_by_what_somebody_decided() -> None:
    assert (await corrected(UNRESOLVED, user="u1")).gaps == (LinkGap.UNKNOWN_PROJECT,)
    assert (await corrected(UNRESOLVED, project="p1")).gaps == (LinkGap.UNKNOWN_USER,)
    assert (await corrected(UNRESOLVED, user=None, project=None)).gaps == ()
    assert (await corrected(UNRESOLVED)).gaps == UNRESOLVED.gaps


async def test_what_was_sought_stays_for_whoever_looks() -> None:
    assert (await corrected(UNRESOLVED, project="p1")).sought_project == "ghost"


async def test_all_windows_of_an_id_are_corrected() -> None:
    store = await store_with(LINKED, UNRESOLVED)

    made = await correct(store, CorrectionRequest(user="u2", reason="told"))

    assert [stored.link.user for stored in made] == ["u2", "u2"]
    assert [stored.link.project for stored in made] == ["p1", None]
    assert list(made) == list(await store.events(UUID(int=1)))


async def test_an_id_in_too_many_windows_is_not_corrected_in_part() -> None:
    store = await store_with(*[LINKED] * MOST_A_PAGE)

    with pytest.raises(InvalidValueError, match="is in 1000 windows or more"):
        await correct(store, CorrectionRequest(user=None, reason="told"))


async def test_a_dry_run_shows_what_would_be() -> None:
    store = await store_with(LINKED)

    (made,) = await correct(store, CorrectionRequest(user="u2", reason="told"), dry_run=True)

    assert made.link.user == "u2"
    assert (await only_one(store)).link == LINKED


async def test_an_unknown_event_is_told() -> None:
    store = FakeUsageEventStore(ZURICH)

    with pytest.raises(UnknownEventError, match="00000001"):
        await correct(store, CorrectionRequest(user="u2", reason="told"))
    with pytest.raises(UnknownEventError, match="00000001"):
        await withdraw(store)


async def test_whoever_corrects_has_a_name() -> None:
    store = await store_with(LINKED)

    with pytest.raises(InvalidValueError, match="by"):
        await correct_link(
            UUID(int=1),
            CorrectionRequest(reason="told"),
            store=store,
            directory=FakeDirectory(KNOWN),
            by="",
            at=NOW,
        )


async def test_a_correction_taken_back_is_the_automatic_link_again() -> None:
    store = await store_with(LINKED)
    await correct(store, CorrectionRequest(user="u2", project="p2", reason="told"))

    (made,) = await withdraw(store)

    assert made == await only_one(store)
    assert not made.link.is_manual
    assert (made.link.user, made.link.project) == (None, "p1")
    assert made.link.project_match is ProjectMatch.TITLE
    last = store.book.corrections[-1]
    assert (last.by, last.reason, last.before.user) == ("op", "was wrong", "u2")


async def test_a_link_that_nobody_set_is_not_taken_back() -> None:
    store = await store_with(LINKED)

    (made,) = await withdraw(store)

    assert made.link == LINKED
    assert store.book.corrections == []


async def test_taking_back_may_be_tried_first() -> None:
    store = await store_with(attrs.evolve(LINKED, correction=BY_HAND))

    (made,) = await withdraw(store, dry_run=True)

    assert not made.link.is_manual
    assert (await only_one(store)).link.is_manual


async def test_an_erased_event_may_not_be_linked_to_a_user_again() -> None:
    store = await store_with(LINKED)
    stored = await only_one(store)
    link = attrs.evolve(LINKED, user=None, correction=BY_HAND)
    await store.erase(
        [ErasedEvent(key=stored.key, revision=1, event=stored.event, link=link)], at=NOW
    )

    with pytest.raises(InvalidValueError, match="may not be linked to a user again"):
        await correct(store, CorrectionRequest(user="u1", reason="told"))
    with pytest.raises(InvalidValueError, match="cannot be made again"):
        await withdraw(store)

    (made,) = await correct(store, CorrectionRequest(project="p2", reason="told"))
    assert (made.link.user, made.link.project) == (None, "p2")


class Busy(FakeUsageEventStore):
    """So many times a newer event comes in just before a link is put in."""

    times = 0

    async def correct(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        if self.times:
            self.times -= 1
            collected = f"2026-01-0{9 - self.times}T00:00Z"
            await self.store([linked(an_event(collected=collected), 1)], at=at)
        return await super().correct(changes, at=at)


@pytest.mark.parametrize("times", [1, 4])
async def test_an_event_that_is_replaced_meanwhile_is_corrected_as_it_is_now(times: int) -> None:
    store = Busy(ZURICH)
    await store.store([linked(an_event(), 1), linked(an_event("2025-11-20T00:00Z"), 1)], at=NOW)
    store.times = times

    made = await correct(store, CorrectionRequest(user="u2", reason="told"))

    assert [stored.revision for stored in made] == [times + 1, 1]
    assert list(made) == list(await store.events(UUID(int=1)))
    assert len(store.book.corrections) == 2


async def test_an_event_that_keeps_being_replaced_is_told() -> None:
    store = Busy(ZURICH)
    await store.store([linked(an_event(), 1)], at=NOW)
    store.times = 5

    with pytest.raises(StoreUnavailableError, match="keeps being replaced"):
        await correct(store, CorrectionRequest(user="u2", reason="told"))


async def test_a_directory_that_is_away_is_told() -> None:
    directory = FakeDirectory(KNOWN)
    directory.fail_with(UpstreamServiceError("the directory", "is away"))
    store = await store_with(LINKED)

    with pytest.raises(UpstreamServiceError, match="is away"):
        await correct_link(
            UUID(int=1),
            CorrectionRequest(reason="told"),
            store=store,
            directory=directory,
            by="op",
            at=NOW,
        )
