"""What a site may decide, its defaults, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.mappings import (
    ORGANISATION,
    ORGANISATION_LEGACY,
    PROVIDER,
    HierarchyMapping,
)
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.target_ids import ItemIds


def test_the_defaults_are_the_documented_ones() -> None:
    policy = StoragePolicy.for_systems(capstor="cscs-capstor-offering", vast="cscs-vast-offering")

    assert policy.offering_slugs == {"cscs-capstor-offering", "cscs-vast-offering"}
    assert policy.file_system == "lustre"
    assert policy.unit_factor == 1
    assert policy.item_ids is ItemIds.DOCUMENTED
    assert policy.mapping is PROVIDER
    assert (policy.ready_items, policy.mock_identities, policy.callback_base) == (True, False, None)
    assert policy.quotas.inode_base_multiplier == Decimal(1_000_000)
    assert policy.quotas.inode_soft_coefficient == Decimal("1.33")
    assert policy.quotas.inode_hard_coefficient == Decimal("2.0")


def test_a_systems_root_is_its_name_by_default() -> None:
    system = StorageSystem(name="capstor", offering_slug="o")

    assert system.path_name == "capstor"
    assert system.roots == (MountPath("/capstor"),)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\n"])
def test_a_system_that_cannot_be_in_a_path_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        StorageSystem(name=name, offering_slug="o")


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (("a", "o1", "p1"), ("a", "o2", "p2"), "name"),
        (("a", "o", "p1"), ("b", "o", "p2"), "offering"),
        (("a", "o1", "p"), ("b", "o2", "p"), "path name"),
    ],
)
def test_two_systems_may_not_share_a_name_offering_or_path(
    first: tuple[str, str, str], second: tuple[str, str, str], what: str
) -> None:
    systems = tuple(
        StorageSystem(name=name, offering_slug=offering, path_name=path)
        for name, offering, path in (first, second)
    )

    with pytest.raises(InvalidValueError, match=f"share one {what}"):
        StoragePolicy(systems=systems)


class TestChosenSystems:
    POLICY = StoragePolicy.for_systems(capstor="o1", vast="o2", iopsstor="o3")

    @pytest.mark.parametrize(
        ("only", "read", "passed_over"),
        [
            (None, {"o1", "o2", "o3"}, set()),
            ({"vast"}, {"o2"}, {"o1", "o3"}),
            ({"vast", "capstor"}, {"o1", "o2"}, {"o3"}),
            ({"capstor", "vast", "iopsstor"}, {"o1", "o2", "o3"}, set()),
        ],
    )
    def test_offerings_are_read_or_known_and_passed_over(
        self, only: set[str] | None, read: set[str], passed_over: set[str]
    ) -> None:
        policy = attrs.evolve(self.POLICY, only=None if only is None else frozenset(only))

        assert policy.offering_slugs == read
        assert policy.offerings_passed_over == passed_over
        assert {s.offering_slug for s in policy.systems if policy.reads(s)} == read

    @pytest.mark.parametrize("only", [{"o1"}, {"vast", "Vast"}, {""}])
    def test_a_name_that_is_not_configured_is_refused(self, only: set[str]) -> None:
        with pytest.raises(InvalidValueError, match="are not configured"):
            attrs.evolve(self.POLICY, only=frozenset(only))

    def test_a_choice_of_nothing_is_refused(self) -> None:
        """Its empty answer would be taken for that of all systems."""
        with pytest.raises(InvalidValueError, match="leaves nothing to read"):
            attrs.evolve(self.POLICY, only=frozenset())


class TestMountedSystems:
    SYSTEM = StorageSystem(name="capstor", offering_slug="hpc", roots=(MountPath("/cap"),))

    @pytest.mark.parametrize(
        ("mapping", "path_name"),
        [(PROVIDER, "capstor"), (ORGANISATION, "capstor"), (ORGANISATION_LEGACY, "hpc")],
    )
    def test_the_mapping_names_them(self, mapping: HierarchyMapping, path_name: str) -> None:
        (mounted,) = StoragePolicy(systems=(self.SYSTEM,), mapping=mapping).mounted_systems

        assert mounted == attrs.evolve(self.SYSTEM, path_name=path_name)

    @pytest.mark.parametrize("slug", ["", "..", "a/b", "x" * 256])
    def test_an_offering_that_cannot_be_in_a_path_is_refused_where_it_has_to_be(
        self, slug: str
    ) -> None:
        systems = (StorageSystem(name="capstor", offering_slug=slug),)

        assert StoragePolicy(systems=systems, mapping=ORGANISATION).mounted_systems
        with pytest.raises(InvalidValueError, match="offering slug"):
            StoragePolicy(systems=systems, mapping=ORGANISATION_LEGACY)
