"""What a site may decide, its defaults, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.mappings import PROVIDER
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
