"""How projects are found: contract, section 4.1, step 3."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from cscs_domain.events.directory import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryQuery,
    DirectoryUser,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.links import LinkGap, ProjectMatch
from tests.unit.events.link_data import directory, event, named

USER = DirectoryUser(id="u1", username="anna", default_project="own")
OWN = DirectoryProject(id="own", title="Personal: Anna")
CLIMATE = DirectoryProject(id="1", title=" Alpine Climate ", slug="G207")
QCD = DirectoryProject(id="2", title="Lattice QCD: Λ")
UNDERSCORES = DirectoryProject(id="3", title="Deep Sky", slug="deep_sky_1")
KNOWN = directory(USER, OWN, CLIMATE, QCD, UNDERSCORES)


@pytest.mark.parametrize(
    ("name", "project", "match"),
    [
        ("alpine climate", "1", ProjectMatch.TITLE),
        ("  ALPINE CLIMATE\n", "1", ProjectMatch.TITLE),
        ("g207", "1", ProjectMatch.SLUG),
        ("alpine-climate", "1", ProjectMatch.SLUG),
        ("Alpine_Climate!", "1", ProjectMatch.SLUG),
        ("lattice_qcd Λ", "2", ProjectMatch.SLUG),
        ("LATTICE-QCD-λ", "2", ProjectMatch.SLUG),
        ("Deep_Sky_1", "3", ProjectMatch.SLUG),
        ("deep-sky", "3", ProjectMatch.SLUG),
        ("deep sky_", "3", ProjectMatch.SLUG),
        ("deep-sky-1", None, None),
        ("g20_", None, None),
        ("%", None, None),
    ],
)
def test_a_project_is_found_by_title_or_slug(
    name: str, project: str | None, match: ProjectMatch | None
) -> None:
    """A project with a slug of its own is found by the one of its title as well."""
    made = link(named(name), KNOWN)

    assert (made.project, made.project_match) == (project, match)
    assert (LinkGap.UNKNOWN_PROJECT in made.gaps) is (project is None)


@pytest.mark.parametrize("name", ["...", "—", "()", "???"])
def test_a_name_without_letters_is_not_that_of_a_project_called_project(name: str) -> None:
    stranger = DirectoryProject(id="4", title="Project")

    assert link(named(name), directory(USER, stranger)).project is None


def test_a_title_without_letters_is_not_found_as_project() -> None:
    stars = DirectoryProject(id="5", title="***")

    assert link(named("project"), directory(USER, stars)).project is None
    assert link(named("***"), directory(USER, stars)).project == "5"


@pytest.mark.parametrize(
    ("context", "slug", "sought"),
    [
        ({"project": " a ", "project_name": "b"}, "d", "a"),
        ({"project": " ", "project_name": "b", "projectTitle": "c"}, "d", "b"),
        ({"project": 7, "project_name": None, "projectTitle": "c"}, "d", "c"),
        ({"project": ["a"], "project_slug": "b"}, " d ", "d"),
        ({}, "d", "d"),
    ],
)
def test_the_first_name_that_is_not_blank_counts(
    context: Mapping[str, object], slug: str, sought: str
) -> None:
    assert link(event(context=context, slug=slug), KNOWN).sought_project == sought


def test_an_event_without_a_name_says_so() -> None:
    made = link(event(slug=" "), KNOWN)

    assert (made.gaps, made.sought_project) == ((LinkGap.NO_PROJECT_NAME,), None)


@pytest.mark.parametrize("source", ["pbs", "openstack"])
@pytest.mark.parametrize("name", ["Alpine Climate", None])
def test_a_personal_event_belongs_to_the_default_project_whatever_it_names(
    source: str, name: str | None
) -> None:
    made = link(event(("perun_user", "anna"), source=source, slug=name, personal=True), KNOWN)

    assert (made.project, made.project_match) == ("own", ProjectMatch.DEFAULT_PROJECT)


def test_the_default_project_of_pbs_is_personal_without_being_called_so() -> None:
    made = link(named("_pbs_project_default", ("perun_user", "anna")), KNOWN)

    assert made.project_match is ProjectMatch.DEFAULT_PROJECT


@pytest.mark.parametrize(
    "user",
    [
        DirectoryUser(id="u1", username="bert"),
        DirectoryUser(id="u1", username="anna"),
        DirectoryUser(id="u1", username="anna", default_project="gone"),
    ],
    ids=["unknown", "without one", "with one that is gone"],
)
def test_without_a_default_project_a_personal_event_has_none(user: DirectoryUser) -> None:
    made = link(event(("perun_user", "anna"), personal=True), directory(user, OWN))

    assert made.project is None
    assert LinkGap.NO_DEFAULT_PROJECT in made.gaps


def test_two_projects_of_one_title_are_none_even_if_a_slug_tells_them_apart() -> None:
    twin = DirectoryProject(id="9", title="ALPINE climate", slug="alpine-climate")

    made = link(named("Alpine Climate"), directory(CLIMATE, twin))

    assert (made.project, made.gaps) == (None, (LinkGap.AMBIGUOUS_PROJECT,))


def test_two_projects_of_one_slug_are_none() -> None:
    twin = DirectoryProject(id="9", title="Another", slug="g207")

    assert link(named("G207!"), directory(CLIMATE, twin)).gaps == (LinkGap.AMBIGUOUS_PROJECT,)


def test_two_titles_of_one_slug_are_none_whatever_slugs_of_their_own_they_have() -> None:
    twin = DirectoryProject(id="9", title="Alpine Climate!", slug="G208")

    made = link(named("alpine_climate"), directory(CLIMATE, twin))

    assert (made.project, made.gaps) == (None, (LinkGap.AMBIGUOUS_PROJECT,))


def test_a_project_s_own_slug_comes_before_the_slug_of_another_s_title() -> None:
    titled = DirectoryProject(id="9", title="G 207")
    owner = DirectoryProject(id="8", title="Other", slug="g-207")

    assert link(named("G-207!"), directory(titled, owner)).project == "8"
    assert link(named("G-207!"), directory(titled)).project == "9"


def test_a_title_comes_before_a_slug() -> None:
    titled = DirectoryProject(id="9", title="g207", slug="other")

    assert link(named("g207"), directory(CLIMATE, titled)).project == "9"


def with_requests(*requests: OpenstackRequest) -> KnownDirectory:
    allocations = (
        DirectoryAllocation(id="a1", project="1"),
        DirectoryAllocation(id="cloud", project="1"),
        DirectoryAllocation(id="a2", project="2"),
    )
    return attrs.evolve(KNOWN, allocations=allocations, openstack_requests=requests)


@pytest.mark.parametrize(
    "name",
    ["cerit-sc-alpine-climate", "CERIT-SC-G207", "Cerit-SC-Weather"],
)
def test_openstack_calls_a_project_by_customer_and_title_or_slug(name: str) -> None:
    known = with_requests(
        OpenstackRequest(customer_key="CERIT SC", project="1", allocation="cloud"),
        OpenstackRequest(
            customer_key="CERIT SC", project="1", allocation="cloud", project_title="Weather"
        ),
    )

    made = link(named(name, source="openstack"), known)

    assert (made.project, made.allocation) == ("1", "cloud")
    assert made.project_match == "openstack_allocation_request"
    assert made.allocation_match == "openstack_allocation_request"
    assert link(named(name), known).project is None


@pytest.mark.parametrize("allocation", [None, "gone", "a2"])
def test_a_request_without_an_allocation_of_its_project_leaves_it_to_the_rule(
    allocation: str | None,
) -> None:
    known = with_requests(OpenstackRequest(customer_key="c", project="1", allocation=allocation))

    made = link(named("c-g207", source="openstack"), known)

    assert (made.project_match, made.allocation) == ("openstack_allocation_request", "a1")
    assert made.allocation_match == "project_allocation_latest"


def test_requests_of_two_projects_with_one_name_are_none() -> None:
    requests = (
        OpenstackRequest(customer_key="c", project="1", project_title="x"),
        OpenstackRequest(customer_key="C", project="2", project_title="X!"),
    )

    made = link(named("c-x", source="openstack"), with_requests(*requests))

    assert (made.project, made.gaps) == (None, (LinkGap.AMBIGUOUS_PROJECT,))


def test_a_project_of_openstack_without_a_request_is_found_as_others_are() -> None:
    known = with_requests(OpenstackRequest(customer_key="c", project="gone"))

    assert link(named("g207", source="openstack"), known).project_match is ProjectMatch.SLUG


def test_a_name_too_long_for_any_directory_is_not_sought() -> None:
    """Slugs of such a text would take many times its size."""
    odd = event(context={"project": "x" * 1025}, slug="g207", source="openstack")

    made = link(odd, KNOWN)

    assert (made.gaps, made.sought_project) == ((LinkGap.UNKNOWN_PROJECT,), "x" * 255)
    assert wanted_by([odd]) == DirectoryQuery()
