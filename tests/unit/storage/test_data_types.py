"""Data types: spec 001, "Storage Data Type Mapping", and DESIGN section 2."""

from __future__ import annotations

import pytest

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType, normal_data_type, target_type_of
from tests.unit.storage.samples import answer, codes, leaves, problem, sample


@pytest.mark.parametrize(
    ("sent", "data_type", "target"),
    [
        ("store", "store", "project"),
        ("archive", "archive", "project"),
        ("users", "users", "user"),
        ("scratch", "scratch", "user"),
        (" Store ", "store", "project"),
        ("USERS", "users", "user"),
        ("\tscratch\n", "scratch", "user"),
        ("", "store", "project"),
        ("  ", "store", "project"),
        (None, "store", "project"),
    ],
)
def test_a_known_data_type_decides_the_target(
    sent: str | None, data_type: str, target: str
) -> None:
    hierarchy = answer(sample("anna", attributes={"storage_data_type": sent}))

    (row,) = leaves(hierarchy)
    assert (row.data_type.key, row.target_type.value) == (data_type, target)
    assert row.mount_point.segments[1] == data_type
    assert codes(hierarchy) == set()


@pytest.mark.parametrize("attributes", [None, {}, {"permissions": "775"}])
def test_a_missing_data_type_is_store(attributes: object) -> None:
    (row,) = leaves(answer(sample(attributes=attributes)))

    assert row.data_type.key == "store"


def test_an_unknown_data_type_is_a_projects_with_its_own_segment_and_a_warning() -> None:
    hierarchy = answer(sample(attributes={"storage_data_type": "Depot"}))

    (row,) = leaves(hierarchy)
    assert row.target_type is TargetType.PROJECT
    assert row.mount_point.text == "/capstor/depot/cscs/university-physics/climate-sim"
    assert problem(hierarchy, ProblemCode.UNKNOWN_DATA_TYPE).severity is Severity.WARNING


@pytest.mark.parametrize("value", [1, True, [], {}, ["store"]])
def test_a_data_type_that_is_no_text_leaves_the_resource_out(value: object) -> None:
    hierarchy = answer(sample(attributes={"storage_data_type": value}))

    assert hierarchy.rows == ()
    assert codes(hierarchy) == {ProblemCode.MALFORMED_RECORD}


def test_normal_form_and_target_are_plain_functions() -> None:
    assert normal_data_type(" Archive ") == "archive"
    assert target_type_of("project-data") is TargetType.PROJECT
