"""Mount points: the examples of spec 001 and 002, backend ids, and the paths of parents."""

from __future__ import annotations

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mappings import ORGANISATION
from cscs_domain.storage.mount_points import MountPath, check_segment, path_from_backend_id
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from tests.unit.storage.samples import (
    POLICY,
    answer,
    codes,
    leaf,
    leaves,
    of_type,
    problem,
    sample,
    uuid_of,
)

STORE = "/capstor/store/cscs/university-physics"


def test_the_three_levels_are_mounted_as_in_spec_001() -> None:
    assert [row.mount_point.text for row in answer(sample()).rows] == [
        "/capstor/store/cscs",
        "/capstor/store/cscs/university-physics",
        "/capstor/store/cscs/university-physics/climate-sim",
    ]


def test_the_organisation_mapping_mounts_as_in_spec_002() -> None:
    first_generation = attrs.evolve(POLICY, mapping=ORGANISATION)
    row = sample("climate-sim", customer_slug="university", project_slug="physics-dept")
    hierarchy = answer(row, policy=first_generation, gids={"physics-dept": 30500})

    assert [row.mount_point.text for row in hierarchy.rows] == [
        "/lustre/store/university/physics-dept/climate-sim"
    ]
    assert hierarchy.rows[0].parent_item_id is None


def test_the_path_has_the_configured_name_unless_the_offerings_slug_is_chosen() -> None:
    named = StorageSystem(name="capstor", offering_slug="cscs-capstor-offering")
    slugged = attrs.evolve(named, path_name="cscs-capstor-offering", roots=(MountPath("/cap"),))
    row = sample(offering_slug="cscs-capstor-offering")

    paths = [
        leaf(row, policy=StoragePolicy(systems=(system,))).mount_point.segments[0]
        for system in (named, slugged)
    ]

    assert paths == ["capstor", "cscs-capstor-offering"]


@pytest.mark.parametrize(
    "slug", [".", "..", "a/b", "/", "a\x00", "a\nb", "a\x7f", "a\x85", "x" * 256, "é" * 128]
)
def test_a_hostile_slug_is_left_out_with_an_error(slug: str) -> None:
    for member in ("provider_slug", "customer_slug", "project_slug"):
        hierarchy = answer(sample(**{member: slug}), gids={"climate-sim": 1000, slug: 1001})

        assert hierarchy.rows == ()
        told = problem(hierarchy, ProblemCode.UNSAFE_PATH)
        assert (told.severity, told.resource) == (Severity.ERROR, uuid_of("res-1"))
        assert str(told).isprintable()


@pytest.mark.parametrize("data_type", ["..", "a/b", "a\x00"])
def test_a_hostile_data_type_is_left_out_under_every_mapping(data_type: str) -> None:
    row = sample(attributes={"storage_data_type": data_type})
    for policy in (POLICY, attrs.evolve(POLICY, mapping=ORGANISATION)):
        hierarchy = answer(row, policy=policy)

        assert hierarchy.rows == ()
        assert ProblemCode.UNSAFE_PATH in codes(hierarchy)


@pytest.mark.parametrize("slug", ["x" * 255, "é" * 127, "...", ".a", "a b", "Ünï", "a-b", "~"])
def test_an_odd_but_harmless_name_is_a_segment(slug: str) -> None:
    assert check_segment(slug) == slug


@pytest.mark.parametrize(
    "text",
    ["", "/", "a", "a/b", "//a", "/a//b", "/a/", "/./a", "/a/..", "/a/.", "/\x00", "/\ud800"],
)
def test_a_path_that_is_not_absolute_and_normalised_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="path"):
        MountPath(text)


def test_a_path_has_at_most_4096_bytes_and_segments_of_255() -> None:
    assert MountPath("/" + "/".join(["x" * 255] * 16)).segments == ("x" * 255,) * 16
    with pytest.raises(InvalidValueError, match="4096 bytes"):
        MountPath("/x" * 2049)
    with pytest.raises(InvalidValueError, match="255 bytes"):
        MountPath("/" + "é" * 128)


def test_the_top_of_a_path_has_no_parent() -> None:
    assert MountPath("/a").parent is None
    assert str(MountPath("/a/b").parent) == "/a"


def test_a_path_is_not_below_itself_nor_below_a_longer_name() -> None:
    assert not MountPath("/a").is_below(MountPath("/a"))
    assert not MountPath("/ab/c").is_below(MountPath("/a"))
    assert MountPath("/a/b").is_below(MountPath("/a"))


def test_a_backend_id_below_a_root_replaces_the_path() -> None:
    row = leaf(sample(backend_id="/capstor/old/place"))

    assert row.mount_point.text == "/capstor/old/place"


@pytest.mark.parametrize("opaque", ["", "fs-17", "capstor/store", "../../etc"])
def test_other_text_is_an_opaque_id(opaque: str) -> None:
    hierarchy = answer(sample(backend_id=opaque))

    assert leaves(hierarchy)[0].mount_point.text == f"{STORE}/climate-sim"
    assert codes(hierarchy) == set()


@pytest.mark.parametrize(
    "outside",
    ["/", "/capstor", "/capstor/", "/etc/passwd", "/capstor/../etc", "/capstorx/a", "/vast/a"],
)
def test_a_backend_path_outside_the_roots_is_told_and_not_used(outside: str) -> None:
    hierarchy = answer(sample(backend_id=outside))

    assert leaves(hierarchy)[0].mount_point.text == f"{STORE}/climate-sim"
    assert problem(hierarchy, ProblemCode.BACKEND_PATH_OUTSIDE_ROOT).severity is Severity.WARNING


def test_a_configured_root_lets_backend_paths_in() -> None:
    scratch = StorageSystem(name="capstor", offering_slug="capstor", roots=(MountPath("/scratch"),))
    row = sample(backend_id="/scratch/cscs/physics/sim")

    assert leaf(row, policy=StoragePolicy(systems=(scratch,))).mount_point.text == row.backend_id
    assert path_from_backend_id("fs-17", scratch.roots) is None


def test_parents_take_the_path_that_all_children_agree_on() -> None:
    hierarchy = answer(
        sample("a", backend_id="/capstor/legacy/physics/a"),
        sample("b", backend_id="/capstor/legacy/physics/b"),
    )

    assert [row.mount_point.text for row in hierarchy.rows[:2]] == [
        "/capstor/legacy",
        "/capstor/legacy/physics",
    ]
    assert codes(hierarchy) == set()


def test_a_disagreement_of_children_is_told_and_the_generated_path_stands() -> None:
    hierarchy = answer(
        sample("a", backend_id="/capstor/legacy/physics/a"),
        sample("b"),
    )

    assert [row.mount_point.text for row in hierarchy.rows[:2]] == ["/capstor/store/cscs", STORE]
    told = problem(hierarchy, ProblemCode.PARENT_PATH_DISAGREEMENT)
    assert told.severity is Severity.WARNING
    assert told.resource == uuid_of("university-physics")


def test_a_parent_never_takes_a_systems_root_itself() -> None:
    hierarchy = answer(sample(backend_id="/capstor/physics/a"))

    (tenant,) = of_type(hierarchy, TargetType.TENANT)
    assert tenant.mount_point.text == "/capstor/store/cscs"


def test_resources_that_share_a_path_are_all_served_and_each_names_the_others() -> None:
    hierarchy = answer(sample("a"), sample("b"))

    told = {p.resource: p for p in hierarchy.problems if p.code is ProblemCode.SHARED_PATH}
    assert len(leaves(hierarchy)) == 2
    assert set(told) == {uuid_of("a"), uuid_of("b")}
    assert uuid_of("b") in told[uuid_of("a")].message
    assert {p.severity for p in told.values()} == {Severity.WARNING}
