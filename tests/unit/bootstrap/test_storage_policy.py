"""Every setting about storage reaches the rule that it is about."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cscs_bootstrap.settings import Settings, load_settings
from cscs_bootstrap.storage_policy import freshness_policy, storage_policy
from cscs_domain.storage.freshness import FreshnessPolicy
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.quotas import QuotaPolicy
from cscs_domain.storage.target_ids import ItemIds
from tests.unit.settings.loading import YamlFile

TWO = "storage_systems: {capstor: cscs-capstor, vast: cscs-vast}\n"


@pytest.fixture
def yaml_file(tmp_path_factory: pytest.TempPathFactory) -> YamlFile:
    return YamlFile(tmp_path_factory.mktemp("settings") / "config.yaml")


def policy_of(yaml_file: YamlFile, text: str) -> StoragePolicy:
    """The policy of two systems and these settings."""
    return storage_policy(yaml_file.load(TWO + text).settings)


def test_the_defaults_are_those_of_the_domain(yaml_file: YamlFile) -> None:
    expected = StoragePolicy.for_systems(capstor="cscs-capstor", vast="cscs-vast")

    assert expected == policy_of(yaml_file, "")


def test_offering_slugs_may_name_systems_in_paths(yaml_file: YamlFile) -> None:
    policy = policy_of(yaml_file, "storage_system_source: offering_slug\n")

    assert [(system.name, system.path_name) for system in policy.systems] == [
        ("capstor", "cscs-capstor"),
        ("vast", "cscs-vast"),
    ]
    assert policy.systems[0].roots == (MountPath.of("cscs-capstor"),)


def test_roots_are_those_of_their_system_alone(yaml_file: YamlFile) -> None:
    policy = policy_of(yaml_file, "storage_roots: {capstor: [/capstor, /scratch]}\n")

    assert policy.systems == (
        StorageSystem(
            name="capstor",
            offering_slug="cscs-capstor",
            roots=(MountPath.of("capstor"), MountPath.of("scratch")),
        ),
        StorageSystem(name="vast", offering_slug="cscs-vast"),
    )


def test_quotas_items_and_units(yaml_file: YamlFile) -> None:
    policy = policy_of(
        yaml_file,
        "backend_settings:\n"
        "  storage_file_system: weka\n"
        "  inode_base_multiplier: 500000\n"
        "  inode_soft_coefficient: 1.1\n"
        "  inode_hard_coefficient: 1.7\n"
        "  use_mock_target_items: true\n"
        "backend_components: {storage: {unit_factor: 0.001}}\n"
        "item_ids: unique\n"
        "hpc_user_api: {development_mode: true}\n",
    )

    assert policy.file_system == "weka"
    assert policy.quotas == QuotaPolicy(
        inode_base_multiplier=Decimal(500_000),
        inode_soft_coefficient=Decimal("1.1"),
        inode_hard_coefficient=Decimal("1.7"),
    )
    assert policy.unit_factor == Decimal("0.001")
    assert policy.item_ids is ItemIds.UNIQUE
    assert policy.ready_items is False
    assert policy.mock_identities is True


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"WALDUR_API_URL": "https://w.example.com/api"}, "https://w.example.com/api/"),
        ({"CSCS_CALLBACK_BASE_URL": "https://c.example.com"}, "https://c.example.com/api/"),
        (
            {
                "WALDUR_API_URL": "http://inside:8000/api/",
                "CSCS_CALLBACK_BASE_URL": "https://outside.example.com/api/",
            },
            "https://outside.example.com/api/",
        ),
    ],
)
def test_callbacks_start_with_their_own_url_else_with_that_of_waldur(
    variables: dict[str, str], expected: str | None
) -> None:
    base = storage_policy(load_settings(variables).settings).callback_base

    assert expected == (base.text if base else None)


def test_ages_come_from_settings() -> None:
    settings = Settings(
        snapshot_max_age=timedelta(seconds=1),
        stale_if_error=timedelta(seconds=2),
        snapshot_keep=timedelta(seconds=3),
    )

    assert freshness_policy(settings) == FreshnessPolicy(
        max_age=timedelta(seconds=1),
        stale_if_error=timedelta(seconds=2),
        keep=timedelta(seconds=3),
    )


def test_ages_are_the_documented_ones_by_default() -> None:
    assert freshness_policy(Settings()) == FreshnessPolicy()
