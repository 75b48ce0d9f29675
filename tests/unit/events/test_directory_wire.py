"""Directories as somebody wrote them down: what is read, what is left out and told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.directory_rows import Section
from cscs_domain.events.directory_wire import KEYS, NEEDED, directory_from_wire, directory_to_wire
from cscs_domain.problems import Problem, ProblemCode, Severity

P1 = {"id": "p1", "title": "One"}


def read(**sections: object) -> tuple[KnownDirectory, tuple[Problem, ...]]:
    return directory_from_wire(sections)


def only(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1
    return problems[0]


def allocation(**members: object) -> DirectoryAllocation:
    known, problems = read(projects=[P1], allocations=[{"id": "a1", "project": "p1"} | members])

    assert problems == ()
    return known.allocations[0]


def refusal(**members: object) -> Problem:
    """Why an allocation with these members is left out, and that nothing else is."""
    good = {"id": "a2", "project": "p1"}
    bad = {"id": "a1", "project": "p1"} | members
    known, problems = read(projects=[P1], allocations=[bad, good])

    assert [one.id for one in known.allocations] == ["a2"]
    return only(problems)


@pytest.mark.parametrize("key", ["id", "project"])
def test_ids_fit_into_an_index_together(key: str) -> None:
    """What a database cannot keep must not take the rest of the directory down."""
    projects = [P1, {"id": "é" * 300, "title": "Two"}]
    good = {"id": "é" * 300, "project": "é" * 300}
    known, problems = read(projects=projects, allocations=[good, good | {key: "é" * 301}])

    assert [one.id for one in known.allocations] == [good["id"]]
    assert "longer than 600 bytes in UTF-8" in only(problems).message


def test_other_texts_fit_into_an_index_alone() -> None:
    users = [{"id": "u1", "email": "é" * 850}, {"id": "u2", "email": "é" * 851}]
    known, problems = read(users=users)

    assert [one.id for one in known.users] == ["u1"]
    assert "email" in only(problems).message


def test_all_that_a_directory_may_hold_is_read() -> None:
    known, problems = read(
        users=[{"id": 7, "external_id": " s ", "email": "", "username": None}],
        projects=[{"id": "p1", "title": " One ", "slug": "o_ne"}],
        allocations=[{"id": "a1", "project": "p1", "granted": {"cpu_hours": "7", "gpu_hours": 8}}],
        openstack_requests=[{"customer_key": "c", "project": "p1", "allocation": "a1"}],
    )

    assert problems == ()
    assert known == KnownDirectory(
        users=(DirectoryUser(id="7", external_id="s"),),
        projects=(DirectoryProject(id="p1", title="One", slug="o_ne"),),
        allocations=(
            DirectoryAllocation(
                id="a1",
                project="p1",
                granted={GrantedUnit.CPU_HOURS: 7, GrantedUnit.GPU_HOURS: 8},
            ),
        ),
        openstack_requests=(OpenstackRequest(customer_key="c", project="p1", allocation="a1"),),
    )


def test_nothing_is_an_empty_directory() -> None:
    assert read() == read(users=None, projects=[]) == (KnownDirectory(), ())


@pytest.mark.parametrize("value", [{"u1": {}}, "u1", 7, ({"id": "u1"},)])
def test_a_section_is_a_list(value: object) -> None:
    with pytest.raises(InvalidValueError, match=r"users .* is not one list of records"):
        read(users=value)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-11-19", datetime(2025, 11, 19, tzinfo=UTC)),
        (" 2025-11-19T00:00:00+01:00", datetime(2025, 11, 18, 23, tzinfo=UTC)),
        ("2025-11-19 01:00Z", datetime(2025, 11, 19, 1, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_time_has_an_offset_or_is_a_date_in_utc(text: str, moment: datetime | None) -> None:
    assert allocation(start=text).start == moment


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2025-11-19T00:00:00", "offset"),
        ("19.11.2025", "is no time; write"),
        ("2025-02-30", "is no time"),
        ("0001-01-01T00:00:00+12:00", "is no time that can be"),
        (["2025-11-19"], "must be a string"),
    ],
)
def test_another_time_is_refused(value: object, why: str) -> None:
    problem = refusal(start=value)

    assert problem.code is ProblemCode.MALFORMED_RECORD
    assert problem.resource == "allocations 1 (a1)"
    assert problem.message.startswith("start")
    assert why in problem.message


def test_an_allocation_that_ends_before_it_begins_is_refused() -> None:
    assert "is not after its start" in refusal(start="2025-11-19", end="2025-11-19").message


@pytest.mark.parametrize("word", ["Expired", " EXPIRED "])
def test_a_status_may_be_in_any_case(word: str) -> None:
    assert allocation(status=word).status is AllocationStatus.EXPIRED
    assert allocation().status is AllocationStatus.ACTIVE


def test_an_unknown_status_is_not_taken_for_another() -> None:
    assert "none of active, pending, expired, revoked" in refusal(status="frozen").message


@pytest.mark.parametrize("value", [1000, "1000", "1000.0", "1e3", Decimal(1000), " 1000 "])
def test_granted_hours_may_be_a_column_or_a_member(value: object) -> None:
    expected = {GrantedUnit.CPU_HOURS: 1000}

    assert allocation(granted_cpu_hours=value, granted_gpu_hours="").granted == expected
    assert allocation(granted={"cpu_hours": value}).granted == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"cpu_hours": "1.5"}, "no whole number"),
        ({"cpu_hours": -1}, "is negative"),
        ({"cpu_hours": 2**63}, "no whole number"),
        ({"cpu_hours": True}, "is not a number"),
        ({"node_hours": 5}, "none of cpu_hours, gpu_hours"),
        ({7: 5}, "none of cpu_hours, gpu_hours"),
        (500, "is not a mapping"),
    ],
)
def test_other_grants_are_refused(value: object, why: str) -> None:
    assert why in refusal(granted=value).message


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (True, "must be a string"),
        (1.5, "must be a string"),
        (2**63, "must be a string"),
        (("a", "b"), "must be a string"),
        ("x" * 1025, "1024 characters"),
        ("a\0b", "can be kept"),
        ("\ud800", "can be kept"),
    ],
)
def test_text_is_text_that_can_be_kept(value: object, why: str) -> None:
    known, problems = read(users=[{"id": "u1", "email": value}, {"id": "u2"}])

    assert [user.id for user in known.users] == ["u2"]
    assert why in only(problems).message


@pytest.mark.parametrize("section", list(Section))
def test_what_a_record_needs_is_missed_by_name(section: Section) -> None:
    for key in NEEDED[section]:
        members = {other: "x" for other in NEEDED[section] if other != key}
        _, problems = read(**{section: [members]})

        missing = [one for one in problems if one.code is ProblemCode.MISSING_FIELD]
        assert only(tuple(missing)).message == f"{key} is missing"


def test_all_faults_of_a_record_are_told() -> None:
    _, problems = read(allocations=[{"start": "soon", "end": "late", "status": "?"}])

    assert [one.message.split(" ")[0].strip(":") for one in problems] == [
        *("id", "project", "start", "end", "status")
    ]
    assert {one.severity for one in problems} == {Severity.ERROR}


@pytest.mark.parametrize("record", [None, "u1", ["u1"], 7])
def test_a_record_is_a_mapping(record: object) -> None:
    known, problems = read(users=[record, {"id": "u2"}])

    assert [user.id for user in known.users] == ["u2"]
    assert only(problems).resource == "users 1"


def test_a_key_that_is_not_known_is_told_once() -> None:
    known, problems = read(users=[{"id": "u1", "e-mail": "x"}, {"id": "u2", "e-mail": "y"}])

    assert len(known.users) == 2
    problem = only(problems)
    assert (problem.code, problem.severity) == (ProblemCode.UNKNOWN_KEY, Severity.WARNING)
    assert "e-mail" in problem.message
    assert "(2 records)" in problem.message


def test_a_section_that_is_not_known_is_told() -> None:
    assert only(read(user=[])[1]).code is ProblemCode.UNKNOWN_KEY


def test_the_keys_are_those_of_the_records() -> None:
    assert all(set(NEEDED[section]) <= set(keys) for section, keys in KEYS.items())


def test_what_says_nothing_is_not_written() -> None:
    known = KnownDirectory(
        users=(DirectoryUser(id="u1"),),
        projects=(DirectoryProject(id="p1", title="One"),),
        allocations=(
            DirectoryAllocation(id="a1", project="p1", end=datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        openstack_requests=(OpenstackRequest(customer_key="c", project="p1"),),
    )

    assert directory_to_wire(known) == {
        "users": [{"id": "u1"}],
        "projects": [{"id": "p1", "title": "One"}],
        "allocations": [
            {"id": "a1", "project": "p1", "end": "2026-01-01T00:00:00Z", "status": "active"}
        ],
        "openstack_requests": [{"customer_key": "c", "project": "p1"}],
    }
