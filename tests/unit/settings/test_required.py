"""What each part of the program cannot do without, and rules between keys."""

from __future__ import annotations

import pytest

from cscs_bootstrap.settings import Part, load_settings
from tests.unit.settings.loading import COMPLETE, EVERY_PART, YamlFile, mistakes, only

STORAGE = [Part.STORAGE]
API = [Part.API]


def test_nothing_is_required_of_a_part_that_is_not_used() -> None:
    assert load_settings({}).notices == ()


def test_a_complete_environment_serves_every_part() -> None:
    loaded = load_settings(COMPLETE, require=EVERY_PART)

    assert loaded.notices == ()


@pytest.mark.parametrize("variable", COMPLETE)
def test_each_required_key_is_missed_by_name(variable: str) -> None:
    environ = {name: text for name, text in COMPLETE.items() if name != variable}
    found = only(mistakes(environ, EVERY_PART))

    assert found.variable == variable
    assert "missing" in found.reason


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert {mistake.variable for mistake in mistakes({}, EVERY_PART)} == set(COMPLETE)


def test_storage_without_http_needs_no_addresses() -> None:
    environ = {
        "STORAGE_SYSTEMS": "a=b",
        "CSCS_ADAPTERS__WALDUR": '{"kind": "file", "path": "/a"}',
        "CSCS_ADAPTERS__HPC_USER": "fake",
    }

    assert load_settings(environ, require=frozenset(STORAGE)).settings.waldur_api.api_url is None


def test_development_mode_needs_no_identity_service() -> None:
    environ = {k: v for k, v in COMPLETE.items() if not k.startswith("HPC_USER_")}
    loaded = load_settings(
        {**environ, "HPC_USER_DEVELOPMENT_MODE": "true"}, require=frozenset(STORAGE)
    )

    assert any("development_mode" in notice for notice in loaded.notices)


def test_the_api_needs_keycloak_unless_authentication_is_off() -> None:
    assert only(mistakes({}, API)).key == "auth.keycloak_url"

    loaded = load_settings({"DISABLE_AUTH": "true"}, require=frozenset(API))
    assert any("disable_auth" in notice for notice in loaded.notices)


@pytest.mark.parametrize(
    "environ",
    [
        {"WALDUR_VERIFY_SSL": "no"},
        {"DISABLE_AUTH": "yes", "ALLOW_INSECURE_BIND": "yes"},
        {"HPC_USER_DEVELOPMENT_MODE": "yes"},
    ],
)
def test_protection_that_is_taken_away_is_noticed(environ: dict[str, str]) -> None:
    assert load_settings(environ).notices


@pytest.mark.parametrize(
    ("soft", "hard"), [("2", "2.0"), ("1.33", "1.33"), ("3", "2"), ("2.5", "")]
)
def test_the_hard_coefficient_is_strictly_greater(soft: str, hard: str) -> None:
    prefix = "CSCS_BACKEND_SETTINGS__INODE_"
    environ = {f"{prefix}SOFT_COEFFICIENT": soft, f"{prefix}HARD_COEFFICIENT": hard}
    found = only(mistakes(environ))

    assert found.key == "backend_settings.inode_hard_coefficient"
    assert "greater" in found.reason


def test_a_key_that_is_wrong_is_not_called_missing_too() -> None:
    found = mistakes({**COMPLETE, "WALDUR_API_URL": "nowhere", "DISABLE_AUTH": "?"}, EVERY_PART)

    assert [mistake.variable for mistake in found] == ["WALDUR_API_URL", "DISABLE_AUTH"]


def test_a_group_that_is_wrong_is_not_called_missing_too(yaml_file: YamlFile) -> None:
    environ = {k: v for k, v in COMPLETE.items() if not k.startswith("WALDUR_")}
    found = only(yaml_file.mistakes("waldur_api: [nonsense]", environ, EVERY_PART))

    assert found.key == "waldur_api"
    assert "must be a mapping, not a list" in found.reason
