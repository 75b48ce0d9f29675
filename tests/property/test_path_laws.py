"""Laws of paths: nothing that anybody can write into Waldur leads outside its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import Identities
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.mappings import ORGANISATION, ORGANISATION_LEGACY, PROVIDER
from cscs_domain.storage.mount_points import MountPath, check_segment, path_from_backend_id
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.strategies import (
    Site,
    any_text,
    hostile_rows,
    path_segments,
    policies,
    sites,
    unsafe_slugs,
    untidy_sites,
    valid_rows,
)

UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
DEPTH = {
    TargetType.TENANT: 3,
    TargetType.CUSTOMER: 4,
    TargetType.PROJECT: 5,
    TargetType.USER: 5,
}
SEGMENTS = path_segments()
DEVELOPMENT = attrs.evolve(StoragePolicy.for_systems(capstor="capstor"), mock_identities=True)


def assert_harmless(path: str) -> None:
    """Check a path without the domain's own rule."""
    assert path.startswith("/")
    segments = path[1:].split("/")
    assert not {"", ".", ".."} & set(segments)
    assert not UNSAFE.search(path)
    assert max(len(segment.encode()) for segment in segments) <= 255
    assert len(path.encode()) <= 4096


def served(site: Site) -> tuple[StorageRow, ...]:
    return build_hierarchy(site.waldur_rows, site.identities, site.policy).rows


def top_of(system: StorageSystem, policy: StoragePolicy) -> str:
    """The directory that generated paths of a system begin with, as the specs print it."""
    tops = {
        PROVIDER: system.path_name,
        ORGANISATION: f"{policy.file_system}/store",
        ORGANISATION_LEGACY: system.offering_slug,
    }
    return f"/{tops[policy.mapping]}"


def first_of(path: str) -> str:
    return f"/{path.split('/')[1]}"


def is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


@given(SEGMENTS, SEGMENTS, SEGMENTS)
def test_segments_come_back_from_a_path_as_they_went_in(a: str, b: str, c: str) -> None:
    path = MountPath.of(a, b).child(c)

    assert path.segments == (a, b, c)
    assert path.parent == MountPath.of(a, b)
    assert path.is_below(MountPath.of(a))
    assert MountPath(path.text) == path
    assert_harmless(path.text)


@given(unsafe_slugs())
def test_no_unsafe_slug_is_a_segment(slug: str) -> None:
    with pytest.raises(InvalidValueError):
        check_segment(slug)


@given(any_text())
def test_any_text_is_a_harmless_path_or_refused(text: str) -> None:
    try:
        path = MountPath(text)
    except InvalidValueError:
        return

    assert_harmless(path.text)


@given(any_text())
def test_a_backend_id_is_opaque_below_a_root_or_refused(tail: str) -> None:
    roots = (MountPath.of("capstor"), MountPath.of("mnt", "old"))
    for text in (tail, f"/{tail}", f"/capstor/{tail}", f"/capstor{tail}", f"/mnt/old/{tail}"):
        try:
            path = path_from_backend_id(text, roots)
        except InvalidValueError:
            assert text.startswith("/")
            continue
        if path is None:
            assert not text.startswith("/")
        else:
            assert_harmless(path.text)
            assert is_below(path.text, ["/capstor", "/mnt/old"])


@given(sites(of_policies=policies(mapping=PROVIDER), with_paths=False))
def test_a_generated_path_has_exactly_the_segments_of_its_level(site: Site) -> None:
    by_item = {system.path_name.lower(): system for system in site.policy.systems}
    for row in served(site):
        segments = row.mount_point.segments

        assert len(segments) == DEPTH[row.target_type]
        assert segments[:2] == (by_item[row.system.key].path_name, row.data_type.key)


@given(sites(with_paths=False))
def test_a_generated_path_lies_directly_under_its_parents_and_its_systems_root(site: Site) -> None:
    rows = served(site)
    for row in rows:
        parents = {
            parent.mount_point
            for parent in rows
            if parent.item_id == row.parent_item_id
            and (parent.system, parent.data_type) == (row.system, row.data_type)
        }
        assert row.parent_item_id is None or row.mount_point.parent in parents
    roots = [top_of(system, site.policy) for system in site.policy.systems]
    assert all(is_below(row.mount_point.text, roots) for row in rows)


@given(sites(of_policies=policies(mapping=PROVIDER)))
def test_a_row_lies_under_its_parent_unless_the_children_disagree(site: Site) -> None:
    hierarchy = build_hierarchy(site.waldur_rows, site.identities, site.policy)
    disagreed = {
        p.resource for p in hierarchy.problems if p.code is ProblemCode.PARENT_PATH_DISAGREEMENT
    }
    for row in hierarchy.rows:
        parents = [
            parent.mount_point
            for parent in hierarchy.rows
            if parent.item_id == row.parent_item_id
            and (parent.system, parent.data_type) == (row.system, row.data_type)
        ]
        if row.parent_item_id is not None and str(row.parent_item_id) not in disagreed:
            assert row.mount_point.parent in parents


@given(untidy_sites())
def test_no_row_leads_outside_the_roots_of_its_system(site: Site) -> None:
    """The first directory of generated paths is a root as well: backend ids may lie there."""
    allowed = {
        system.name: [*(root.text for root in system.roots), first_of(top_of(system, site.policy))]
        for system in site.policy.systems
    }
    hierarchy = build_hierarchy(site.waldur_rows, site.identities, site.policy)
    for row, facts in hierarchy.listed:
        assert_harmless(row.mount_point.text)
        assert is_below(row.mount_point.text, allowed[facts.system])


@given(
    valid_rows(),
    st.fixed_dictionaries(
        {},
        optional={
            "slug": any_text(),
            "provider_slug": any_text(),
            "customer_slug": any_text(),
            "project_slug": any_text(),
            "backend_id": any_text() | any_text().map("/capstor/{}".format),
            "attributes": st.fixed_dictionaries({"storage_data_type": any_text()}),
        },
    ),
)
def test_no_slug_data_type_or_backend_id_leads_anywhere_else(
    row: dict[str, object], hostile: dict[str, object]
) -> None:
    rows = [WaldurRow.from_mapping(row | hostile)]

    for listed in build_hierarchy(rows, Identities(), DEVELOPMENT).rows:
        assert_harmless(listed.mount_point.text)
        assert is_below(listed.mount_point.text, ["/capstor"])
        assert listed.data_type.path == listed.data_type.path.strip()
        assert "/" not in listed.data_type.path


@given(hostile_rows())
def test_a_hostile_row_never_makes_a_harmful_path(row: dict[str, object]) -> None:
    rows = [WaldurRow.from_mapping(row)]

    for listed in build_hierarchy(rows, Identities(), DEVELOPMENT).rows:
        assert_harmless(listed.mount_point.text)
        assert is_below(listed.mount_point.text, ["/capstor"])


@given(sites(with_paths=False))
def test_different_places_never_share_a_generated_path(site: Site) -> None:
    place_of: dict[str, set[tuple[object, ...]]] = {}
    for listed in build_hierarchy(site.waldur_rows, site.identities, site.policy).listed:
        if listed.facts.state is not None:
            continue
        row = listed.row
        key = getattr(row.target, "key", None)
        place = (listed.facts.system, row.data_type.key, row.parent_item_id, key)
        place_of.setdefault(row.mount_point.text, set()).add(place)

    assert all(len(places) == 1 for places in place_of.values())


@given(st.lists(st.tuples(*[SEGMENTS] * 5), min_size=2, max_size=6, unique=True))
def test_different_segments_never_make_one_path(places: list[tuple[str, ...]]) -> None:
    assert len({MountPath.of(*place) for place in places}) == len(places)
