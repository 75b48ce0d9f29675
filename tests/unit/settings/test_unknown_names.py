"""Keys and variables that nobody reads."""

from __future__ import annotations

import pytest

from cscs_bootstrap.settings import load_settings
from tests.unit.settings.loading import YamlFile, only


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("debugg: 1", "debugg", "Did you mean debug?"),
        ("waldur_api: {api_ulr: x}", "waldur_api.api_ulr", "Did you mean waldur_api.api_url?"),
        ("Debug: 1", "Debug", "Did you mean debug?"),
        ("completely: 1", "completely", ""),
        (
            "backend_components: {storrage: {label: x}}",
            "backend_components.storrage",
            "Did you mean backend_components.storage?",
        ),
    ],
)
def test_an_unknown_key_is_a_mistake(yaml_file: YamlFile, text: str, key: str, hint: str) -> None:
    found = only(yaml_file.mistakes(text))

    assert (found.key, found.hint) == (key, hint)
    assert f"{yaml_file.path}:1" in found.reason


def test_keys_of_older_files_are_ignored_with_a_notice(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load("auth:\n  keycloak_client_secret: hunter2\n")

    (notice,) = loaded.notices
    assert "auth.keycloak_client_secret" in notice
    assert f"{yaml_file.path}:2" in notice
    assert "hunter2" not in notice


def test_variables_of_older_programs_are_ignored_with_a_notice() -> None:
    (notice,) = load_settings({"CSCS_KEYCLOAK_CLIENT_SECRET": "hunter2"}).notices

    assert "CSCS_KEYCLOAK_CLIENT_SECRET" in notice
    assert "hunter2" not in notice


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CSCS_SNAPSHOT_MAXAGE", "CSCS_SNAPSHOT_MAX_AGE"),
        ("CSCS_ADAPTERS_WALDUR", "CSCS_ADAPTERS__WALDUR"),
        ("CSCS_KEYCLOAK_RELM", "CSCS_KEYCLOAK_REALM"),
        ("WALDUR_API_TOKN", "WALDUR_API_TOKEN"),
        ("HPC_USER_CLIENT_SECRETS", "HPC_USER_CLIENT_SECRET"),
        ("CSCS_STORAGE_SYSTEMS_FILE", "CSCS_STORAGE_SYSTEMS"),
    ],
)
def test_a_variable_that_looks_like_a_slip_is_noticed(name: str, meant: str) -> None:
    (notice,) = load_settings({name: "x"}).notices

    assert name in notice
    assert notice.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize("name", ["CSCS_HOME", "CSCS_X", "WALDUR_CORE_HOME", "SENTRY_RELEASE"])
def test_variables_of_others_are_let_be(name: str) -> None:
    assert load_settings({name: "x"}).notices == ()
