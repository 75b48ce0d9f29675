"""Which of several sources counts, and which combinations are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.settings import PATH_VARIABLE, load_settings
from tests.unit.settings.loading import YamlFile, mistakes, only


def _file(path: Path, realm: str) -> Path:
    path.write_text(f"auth:\n  keycloak_realm: {realm}\n", encoding="utf-8")
    return path


def test_the_file_is_found_through_its_variable(tmp_path: Path) -> None:
    path = _file(tmp_path / "named.yaml", "from-file")

    assert load_settings({PATH_VARIABLE: str(path)}).settings.auth.keycloak_realm == "from-file"


def test_an_explicit_file_wins_over_the_variable(tmp_path: Path) -> None:
    named = _file(tmp_path / "named.yaml", "named")
    explicit = _file(tmp_path / "explicit.yaml", "explicit")
    loaded = load_settings({PATH_VARIABLE: str(named)}, config_path=explicit)

    assert loaded.settings.auth.keycloak_realm == "explicit"


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_blank_variable_is_as_good_as_none(yaml_file: YamlFile, blank: str) -> None:
    environ = {"CSCS_KEYCLOAK_REALM": blank, "DEBUG": blank, "WALDUR_API_TOKEN": blank}
    loaded = yaml_file.load("auth: {keycloak_realm: mine}\n", {PATH_VARIABLE: blank, **environ})

    assert loaded.settings.auth.keycloak_realm == "mine"
    assert loaded.settings.waldur_api.access_token is None


@pytest.mark.parametrize("written", ["", "~", "null", "''"])
def test_a_blank_key_keeps_its_default(yaml_file: YamlFile, written: str) -> None:
    loaded = yaml_file.load(f"snapshot_max_age: {written}\nsentry: {written}\n")

    assert loaded.settings.snapshot_max_age.total_seconds() == 15
    assert str(loaded.origins["snapshot_max_age"]) == "default"


def test_both_names_of_a_key_may_be_set_if_they_agree() -> None:
    loaded = load_settings({"CSCS_KEYCLOAK_REALM": "a", "CSCS_AUTH__KEYCLOAK_REALM": "a"})

    assert loaded.settings.auth.keycloak_realm == "a"
    assert str(loaded.origins["auth.keycloak_realm"]) == "variable CSCS_KEYCLOAK_REALM"


def test_two_names_of_a_key_that_differ_are_a_mistake() -> None:
    found = only(mistakes({"CSCS_KEYCLOAK_REALM": "a", "CSCS_AUTH__KEYCLOAK_REALM": "b"}))

    assert (found.key, found.variable) == ("auth.keycloak_realm", "CSCS_KEYCLOAK_REALM")
    assert "CSCS_AUTH__KEYCLOAK_REALM" in found.reason


def test_paths_in_the_file_start_at_its_folder(yaml_file: YamlFile) -> None:
    text = "backend_settings: {output_directory: out}\nadapters: {waldur: {path: [a, /b]}}\n"
    settings = yaml_file.load(text).settings

    folder = yaml_file.path.parent
    assert settings.backend_settings.output_directory == folder / "out"
    assert settings.adapters.waldur.path == (folder / "a", Path("/b"))


def test_paths_in_variables_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"CSCS_BACKEND_SETTINGS__OUTPUT_DIRECTORY": "out"}).settings
    monkeypatch.chdir("/")

    assert settings.backend_settings.output_directory == tmp_path / "out"


def test_a_file_named_relatively_still_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    Path("conf/c.yaml").write_text("adapters: {events: {kind: sql, path: e.db}}", encoding="utf-8")
    loaded = load_settings({PATH_VARIABLE: "conf/c.yaml"})

    assert loaded.settings.adapters.events.path == (tmp_path / "conf" / "e.db",)
    assert str(loaded.origins["adapters.events.path"]) == "conf/c.yaml:1"
