"""Laws of links: what was asked for suffices, nothing is guessed, order and case do not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    KnownDirectory,
)
from cscs_domain.events.directory_checks import checked
from cscs_domain.events.directory_wire import directory_from_wire, directory_to_wire
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.links import AllocationMatch, Link, LinkGap, ProjectMatch, UserMatch
from cscs_domain.events.slugs import bare_slug, slug
from cscs_fakes.directory_selection import select
from cscs_fakes.strategies import directories, directory_events, json_values, shuffled

EVENTS: Final = directory_events()
DIRECTORIES: Final = directories()


@st.composite
def known_and_named(draw: st.DrawFn) -> tuple[KnownDirectory, ResourceUsageEvent]:
    """A directory, and an event that names one of its users and one of its projects."""
    known = draw(directories(fewest=1))
    user = draw(st.sampled_from(known.users))
    project = draw(st.sampled_from(known.projects))
    texts = {
        "oidc_sub": user.external_id,
        "user_email": user.email,
        "perun_username": user.username,
    }
    named = [EventIdentity(scheme, text) for scheme, text in texts.items() if text]
    event = attrs.evolve(
        draw(EVENTS),
        identities=tuple(named),
        context={"project": draw(st.sampled_from((project.title, project.slug)))},
        is_personal=False,
    )
    return known, event


NAMED: Final = known_and_named()


@given(st.lists(EVENTS, max_size=4), DIRECTORIES)
def test_what_events_want_is_enough_for_their_links(
    events: list[ResourceUsageEvent], known: KnownDirectory
) -> None:
    found = select(known.book, wanted_by(events))

    assert [link(event, found) for event in events] == [link(event, known) for event in events]


@given(EVENTS, DIRECTORIES, st.data())
def test_the_order_of_a_directory_does_not_matter(
    event: ResourceUsageEvent, known: KnownDirectory, data: st.DataObject
) -> None:
    other = KnownDirectory(
        users=tuple(data.draw(shuffled(known.users))),
        projects=tuple(data.draw(shuffled(known.projects))),
        allocations=tuple(data.draw(shuffled(known.allocations))),
        openstack_requests=tuple(data.draw(shuffled(known.openstack_requests))),
    )

    assert link(event, other) == link(event, known)


@given(EVENTS, DIRECTORIES)
def test_records_that_are_there_twice_do_not_matter(
    event: ResourceUsageEvent, known: KnownDirectory
) -> None:
    twice = KnownDirectory(
        users=known.users * 2,
        projects=known.projects * 2,
        allocations=known.allocations * 2,
        openstack_requests=known.openstack_requests * 2,
    )

    assert link(event, twice) == link(event, known)


@given(EVENTS, DIRECTORIES)
def test_what_is_missing_is_a_gap_and_what_was_found_says_how(
    event: ResourceUsageEvent, known: KnownDirectory
) -> None:
    made = link(event, known)

    assert (made.user is None) == (made.user_match is None)
    assert (made.project is None) == (made.project_match is None)
    assert (made.allocation is None) == (made.allocation_match is None)
    assert any(gap.is_of_user for gap in made.gaps) == bool(event.identities and not made.user)
    assert any(gap.is_of_project for gap in made.gaps) == (made.project is None)
    assert (LinkGap.NO_ALLOCATION in made.gaps) == bool(made.project and not made.allocation)
    assert made.project or not made.allocation


@given(NAMED)
def test_whom_an_event_is_linked_to_has_its_identity_in_full(
    case: tuple[KnownDirectory, ResourceUsageEvent],
) -> None:
    """No character is a wildcard."""
    known, event = case
    made = link(event, known)
    assume(made.user)
    identity = made.sought_identity

    assert identity is not None
    if made.user_match is UserMatch.OIDC_SUB:
        having = [user.id for user in known.users if user.external_id == identity.value]
    else:
        name = "email" if made.user_match is UserMatch.USER_EMAIL else "username"
        texts = [(user.id, getattr(user, name)) for user in known.users]
        having = [id_ for id_, text in texts if text and text.lower() == identity.value.lower()]
    assert having == [made.user]


@given(NAMED)
def test_what_an_event_is_linked_to_by_title_has_its_title_in_full(
    case: tuple[KnownDirectory, ResourceUsageEvent],
) -> None:
    known, event = case
    made = link(event, known)
    assume(made.project_match is ProjectMatch.TITLE)

    assert made.sought_project is not None
    name = made.sought_project.lower()
    assert [one.id for one in known.projects if one.title.lower() == name] == [made.project]


@given(NAMED, st.data())
def test_a_project_is_found_by_title_then_own_slug_then_slug_of_title_if_it_alone_has_it(
    case: tuple[KnownDirectory, ResourceUsageEvent], data: st.DataObject
) -> None:
    known, event = case
    project = data.draw(st.sampled_from(known.projects))
    name = data.draw(st.sampled_from([project.slug or "x", slug(project.title), project.title]))
    name = f"{name}!" if data.draw(st.booleans()) else name
    made = link(attrs.evolve(event, source="pbs", context={"project": name}), known)

    def having(text: str, of: Callable[[DirectoryProject], str | None]) -> list[str | None]:
        return [one.id for one in known.projects if of(one) == text.strip().lower()]

    found = (
        having(name, lambda one: one.title.strip().lower())
        or having(name, lambda one: one.slug and one.slug.lower())
        or having(bare_slug(name), lambda one: one.slug and one.slug.lower())
        or having(bare_slug(name), lambda one: bare_slug(one.title) or None)
    )
    assert made.project == (found[0] if len(found) == 1 else None)


@given(NAMED)
def test_a_second_user_of_the_identity_makes_it_nobody_s(
    case: tuple[KnownDirectory, ResourceUsageEvent],
) -> None:
    known, event = case
    made = link(event, known)
    assume(made.user)
    user = next(user for user in known.users if user.id == made.user)
    twin = attrs.evolve(user, id="twin")

    for users in ((twin, *known.users), (*known.users, twin)):
        again = link(event, attrs.evolve(known, users=users))
        assert again.user is None
        assert again.gaps[0] is LinkGap.AMBIGUOUS_USER


@given(NAMED)
def test_a_second_project_of_the_name_makes_it_none_s(
    case: tuple[KnownDirectory, ResourceUsageEvent],
) -> None:
    known, event = case
    made = link(event, known)
    assume(made.project_match in {ProjectMatch.TITLE, ProjectMatch.SLUG})
    project = next(one for one in known.projects if one.id == made.project)
    twin = attrs.evolve(project, id="twin")

    for projects in ((twin, *known.projects), (*known.projects, twin)):
        again = link(event, attrs.evolve(known, projects=projects))
        assert again.project is None
        assert LinkGap.AMBIGUOUS_PROJECT in again.gaps


def recased(text: str) -> SearchStrategy[str]:
    """The text in another case, as far as that means the same."""
    forms = (text, text.lower(), text.upper(), text.swapcase(), text.title())
    return st.sampled_from([form for form in forms if form.lower() == text.lower()])


@given(EVENTS, DIRECTORIES, st.data())
def test_the_case_of_names_does_not_matter(
    event: ResourceUsageEvent, known: KnownDirectory, data: st.DataObject
) -> None:
    def other(text: str) -> str:
        return data.draw(recased(text))

    def other_if_any(text: str | None) -> str | None:
        return None if text is None else other(text)

    users = [attrs.evolve(one, email=other_if_any(one.email)) for one in known.users]
    users = [attrs.evolve(one, username=other_if_any(one.username)) for one in users]
    projects = [attrs.evolve(one, title=other(one.title)) for one in known.projects]
    projects = [attrs.evolve(one, slug=other_if_any(one.slug)) for one in projects]
    shouted = attrs.evolve(
        event,
        identities=tuple(_recased(one, other) for one in event.identities),
        context={
            key: other(value) if isinstance(value, str) and value[0] != "_" else value
            for key, value in event.context.items()
        },
    )
    same = attrs.evolve(known, users=tuple(users), projects=tuple(projects))

    assert _found(link(shouted, same)) == _found(link(event, known))


def _recased(identity: EventIdentity, other: Callable[[str], str]) -> EventIdentity:
    if identity.scheme == "oidc_sub":
        return identity
    return attrs.evolve(identity, value=other(identity.value))


@given(EVENTS, DIRECTORIES, st.lists(st.sampled_from([" ", "\t", "\u3000"]), max_size=2))
def test_blanks_around_an_identity_do_not_matter(
    event: ResourceUsageEvent, known: KnownDirectory, blanks: list[str]
) -> None:
    around = "".join(blanks)
    spaced = attrs.evolve(
        event,
        identities=tuple(
            attrs.evolve(one, value=f"{around}{one.value}{around}") for one in event.identities
        ),
    )

    assert wanted_by([spaced]) == wanted_by([event])
    assert _found(link(spaced, known)) == _found(link(event, known))


def _found(made: Link) -> Link:
    return attrs.evolve(made, sought_identity=None, sought_project=None)


@given(NAMED)
def test_no_allocation_of_the_project_is_better_than_the_one_that_was_taken(
    case: tuple[KnownDirectory, ResourceUsageEvent],
) -> None:
    known, event = case
    made = link(event, known)
    assume(made.project and made.allocation_match is not AllocationMatch.OPENSTACK_REQUEST)
    start, end = event.time_window_start, event.time_window_end
    overlapping = [
        one
        for one in known.allocations
        if one.project == made.project
        and (one.start is None or one.start < end)
        and (one.end is None or one.end > start)
    ]

    best = min(overlapping, key=_badness, default=None)

    assert made.allocation == (best.id if best else None)


def _badness(one: DirectoryAllocation) -> tuple[bool, bool, float, str]:
    inactive = one.status is not AllocationStatus.ACTIVE
    return inactive, one.start is None, -one.start.timestamp() if one.start else 0, one.id


@given(DIRECTORIES)
def test_a_directory_that_holds_comes_back_from_plain_values(found: KnownDirectory) -> None:
    known, _ = checked(found)

    assert directory_from_wire(directory_to_wire(known))[0] == known
    assert checked(known)[0] == known


@given(EVENTS, DIRECTORIES)
def test_what_checks_leave_out_changes_no_link(
    event: ResourceUsageEvent, known: KnownDirectory
) -> None:
    """Ids are not repeated here, so only what belongs to no project goes."""
    assert link(event, checked(known)[0]) == link(event, known)


SECTIONS: Final = st.sampled_from(["users", "projects", "allocations", "openstack_requests"])
MEMBERS: Final = st.sampled_from(
    [
        *("id", "external_id", "email", "default_project", "title", "slug", "project", "start"),
        *("end", "status", "granted", "granted_cpu_hours", "customer_key", "allocation", "other"),
    ]
)
RECORDS: Final = st.dictionaries(MEMBERS, json_values()) | json_values()


@given(st.dictionaries(SECTIONS, st.lists(RECORDS, max_size=4)))
def test_every_record_is_taken_or_told_whatever_it_is(sections: dict[str, list[object]]) -> None:
    known, problems = directory_from_wire(sections)
    taken = (known.users, known.projects, known.allocations, known.openstack_requests)

    assert problems or sum(map(len, taken)) == sum(map(len, sections.values()))
    assert all(str(problem).isprintable() for problem in problems)
    assert directory_from_wire(directory_to_wire(known))[0] == known
