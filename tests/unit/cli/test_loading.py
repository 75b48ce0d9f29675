"""Which settings a command takes, and what somebody is told who has none."""

from pathlib import Path

import pytest

from cscs_bootstrap.settings import PATH_VARIABLE, Part
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_cli.loading import HOW_TO_BEGIN, settings_for, settings_for_server


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (PATH_VARIABLE, "STORAGE_SYSTEMS", "DISABLE_AUTH", "DEBUG"):
        monkeypatch.delenv(name, raising=False)


def test_somebody_without_any_configuration_is_told_how_to_begin() -> None:
    with pytest.raises(RefusedConfigurationError) as caught:
        settings_for_server(None)

    assert str(caught.value).startswith("The configuration does not hold:\nauth.keycloak_url")
    assert str(caught.value).endswith(HOW_TO_BEGIN)


def test_a_debug_variable_of_other_programs_is_no_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEBUG", "true")

    with pytest.raises(RefusedConfigurationError) as caught:
        settings_for(frozenset({Part.STORAGE}), None)

    assert caught.value.hint == HOW_TO_BEGIN


@pytest.mark.parametrize(
    ("name", "value"),
    [("STORAGE_SYSTEMS", "capstor=cscs-capstor"), (PATH_VARIABLE, "missing.yaml")],
)
def test_somebody_who_has_begun_is_told_the_mistakes_alone(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(RefusedConfigurationError) as caught:
        settings_for_server(None)

    assert caught.value.hint == ""


def test_a_file_that_was_named_counts_as_begun(tmp_path: Path) -> None:
    with pytest.raises(RefusedConfigurationError) as caught:
        settings_for_server(tmp_path / "missing.yaml")

    assert caught.value.hint == ""


def test_the_demo_passes_over_the_variable_that_names_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, "missing.yaml")

    assert "capstor" in settings_for_server(None, demo=True).settings.storage_systems


def test_other_variables_win_over_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSCS_SNAPSHOT_MAX_AGE", "7")

    assert settings_for_server(None, demo=True).settings.snapshot_max_age.total_seconds() == 7


def test_the_demo_and_a_file_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--demo"):
        settings_for_server(tmp_path / "own.yaml", demo=True)
