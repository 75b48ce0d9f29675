"""What is wrong between the records of a directory."""

from __future__ import annotations

import pytest

from cscs_domain.events.directory import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.directory_checks import checked
from cscs_domain.problems import Problem, ProblemCode, Severity

ANNA = DirectoryUser(id="u1", email="anna@x.example.org", username="anna", external_id="s")
ONE = DirectoryProject(id="p1", title="One")
OF_ONE = DirectoryAllocation(id="a1", project="p1")


def told(known: KnownDirectory) -> list[tuple[ProblemCode, Severity, str | None]]:
    return [(one.code, one.severity, one.resource) for one in checked(known)[1]]


def ambiguities(known: KnownDirectory) -> list[Problem]:
    """All problems, of a directory of which everything stays."""
    kept, problems = checked(known)

    assert kept == known
    assert {one.code for one in problems} <= {ProblemCode.AMBIGUOUS_ENTRY}
    return list(problems)


def test_nothing_is_wrong_with_a_directory_that_holds() -> None:
    known = KnownDirectory(
        users=(ANNA, DirectoryUser(id="u2", default_project="p1")),
        projects=(ONE, DirectoryProject(id="p2", title="Two", slug="two_")),
        allocations=(OF_ONE,),
        openstack_requests=(
            OpenstackRequest(customer_key="c", project="p1", allocation="a1"),
            OpenstackRequest(customer_key="c", project="p1"),
        ),
    )

    assert checked(known) == (known, ())


def test_a_record_that_is_there_twice_is_taken_once() -> None:
    known, problems = checked(KnownDirectory(users=(ANNA, ANNA)))

    assert known.users == (ANNA,)
    assert [(one.code, one.severity) for one in problems] == [
        (ProblemCode.DUPLICATE_ENTRY, Severity.WARNING)
    ]


def test_records_that_differ_under_one_id_are_all_left_out() -> None:
    twin = DirectoryProject(id="p1", title="Uno")
    two = DirectoryProject(id="p2", title="Two")
    found = KnownDirectory(projects=(ONE, two, twin), allocations=(OF_ONE,))

    assert checked(found)[0] == KnownDirectory(projects=(two,))
    assert told(found) == [
        (ProblemCode.DUPLICATE_ENTRY, Severity.ERROR, "project p1"),
        (ProblemCode.UNKNOWN_REFERENCE, Severity.ERROR, "allocation a1"),
    ]


def test_what_belongs_to_no_project_is_left_out() -> None:
    found = KnownDirectory(
        projects=(ONE,),
        allocations=(OF_ONE, DirectoryAllocation(id="a2", project="gone")),
        openstack_requests=(OpenstackRequest(customer_key="c\n", project="gone"),),
    )

    assert checked(found)[0] == KnownDirectory(projects=(ONE,), allocations=(OF_ONE,))
    assert told(found) == [
        (ProblemCode.UNKNOWN_REFERENCE, Severity.ERROR, "allocation a2"),
        (ProblemCode.UNKNOWN_REFERENCE, Severity.ERROR, "OpenStack request 'c\\n'/gone"),
    ]


def test_other_references_that_lead_nowhere_are_told_and_stay() -> None:
    two = DirectoryProject(id="p2", title="Two")
    found = KnownDirectory(
        users=(DirectoryUser(id="u1", default_project="gone"),),
        projects=(ONE, two),
        allocations=(OF_ONE,),
        openstack_requests=(
            OpenstackRequest(customer_key="c", project="p1", allocation="gone"),
            OpenstackRequest(customer_key="c", project="p2", allocation="a1"),
        ),
    )

    kept, problems = checked(found)

    assert kept == found
    assert [str(one.message) for one in problems] == [
        "has the default project gone, which is not there.",
        "names allocation gone, which is not there.",
        "names allocation a1, which is of another project.",
    ]
    assert {one.severity for one in problems} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("twin", "what"),
    [
        (DirectoryUser(id="u2", email="ANNA@x.example.org"), "e-mail address"),
        (DirectoryUser(id="u2", username="Anna"), "user name"),
        (DirectoryUser(id="u2", external_id="s"), "external id"),
    ],
)
def test_an_identity_of_two_users_is_told_without_repeating_it(
    twin: DirectoryUser, what: str
) -> None:
    problems = ambiguities(KnownDirectory(users=(ANNA, twin)))

    assert [one.message for one in problems] == [
        f"Users u1, u2 have one {what}; nobody is found by it."
    ]


def test_external_ids_that_differ_in_case_are_two() -> None:
    assert not ambiguities(KnownDirectory(users=(ANNA, DirectoryUser(id="u2", external_id="S"))))


@pytest.mark.parametrize(
    ("projects", "message"),
    [
        (
            (ONE, DirectoryProject(id="p2", title=" ONE ", slug="x")),
            "Projects p1, p2 have the title 'one'; none is found by it.",
        ),
        (
            (
                DirectoryProject(id="p1", title="a", slug="one"),
                DirectoryProject(id="p2", title="b", slug="One"),
            ),
            "Projects p1, p2 have the slug 'one'; none is found by it.",
        ),
        (
            (ONE, DirectoryProject(id="p2", title="one!", slug="x")),
            "Titles of projects p1, p2 have the slug 'one'; none is found by it.",
        ),
    ],
    ids=["title", "slug", "slug of titles"],
)
def test_a_name_of_two_projects_is_told(
    projects: tuple[DirectoryProject, ...], message: str
) -> None:
    assert [one.message for one in ambiguities(KnownDirectory(projects=projects))] == [message]


@pytest.mark.parametrize(
    "projects",
    [
        (ONE, DirectoryProject(id="p2", title="Two", slug="One")),
        (
            DirectoryProject(id="p1", title="one", slug="a"),
            DirectoryProject(id="p2", title="one!", slug="b"),
        ),
        (
            ONE,
            DirectoryProject(id="p2", title="one!"),
            DirectoryProject(id="3", title="", slug="one"),
        ),
    ],
    ids=["own slug first", "all have their own", "another has it for its own"],
)
def test_slugs_of_titles_by_which_nothing_is_looked_for_may_be_equal(
    projects: tuple[DirectoryProject, ...],
) -> None:
    assert not ambiguities(KnownDirectory(projects=projects))


def test_a_name_of_two_projects_in_openstack_is_told() -> None:
    known = KnownDirectory(
        projects=(ONE, DirectoryProject(id="p2", title="Two")),
        openstack_requests=(
            OpenstackRequest(customer_key="c", project="p1"),
            OpenstackRequest(customer_key="C!", project="p2", project_title="one"),
        ),
    )

    assert ["'c-one' in OpenStack" in one.message for one in ambiguities(known)] == [True]
