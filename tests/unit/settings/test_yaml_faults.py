"""Files that cannot be read as settings, and where they are at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.settings import load_settings
from cscs_domain.errors import ConfigurationError, Mistake
from tests.unit.settings.loading import YamlFile, only


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("debug: true\nauth: [unclosed\n", 3),
        ("debug: true\n  auth: x\n", 2),
        ("a: b: c\n", 1),
        ("debug: @x\n", 1),
        ("debug: *nowhere\n", 1),
        ("debug: true\n\tauth: x\n", 2),
        ("debug: true\n--- \ndebug: false\n", 2),
        ("debug: 'open\n", 2),
        ("a: 1\nb: !python/object:os.system x\n", 2),
        ("a: 1\n? [x]\n: y\n", 2),
        ("a: 1\nb: \x07\n", 2),
        ("a: &a [*a]\n", 1),
        ("<<: 5\n", 1),
        ("- a\n- b\n", 1),
        ("just text\n", 1),
        ("42\n", 1),
    ],
)
def test_a_file_at_fault_is_told_with_its_line(yaml_file: YamlFile, text: str, line: int) -> None:
    found = only(yaml_file.mistakes(text))

    assert found.key.startswith(f"{yaml_file.path}:{line}")
    assert str(found).isprintable()


def test_a_file_that_is_not_utf8_is_told_with_its_line(yaml_file: YamlFile) -> None:
    yaml_file.path.write_bytes(b"debug: true\nauth:\n  keycloak_realm: caf\xe9\n")
    found = only(_mistakes_of(yaml_file.path))

    assert found.key == f"{yaml_file.path}:3"


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    found = only(_mistakes_of(tmp_path / "none.yaml"))

    assert found.key == str(tmp_path / "none.yaml")
    assert "cannot be read" in found.reason


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert only(_mistakes_of(tmp_path)).key == str(tmp_path)


def test_a_name_no_file_can_have_is_a_mistake() -> None:
    assert str(only(_mistakes_of(Path("a\x00b")))).isprintable()


def test_a_huge_file_is_refused(yaml_file: YamlFile) -> None:
    assert "larger" in only(yaml_file.mistakes("#" * 1_100_000)).reason


@pytest.mark.parametrize("depth", [8, 5_000])
def test_deep_nesting_is_refused(yaml_file: YamlFile, depth: int) -> None:
    assert "deep" in only(yaml_file.mistakes("a: " + "[" * depth + "]" * depth)).reason


@pytest.mark.parametrize(
    "text", ["", "\n", "# only a comment\n", "---\n", "~\n", "\ufeffdebug: on"]
)
def test_an_empty_file_is_no_mistake(yaml_file: YamlFile, text: str) -> None:
    yaml_file.load(text)


def test_a_key_that_stands_twice_is_told_with_both_lines(yaml_file: YamlFile) -> None:
    found = only(yaml_file.mistakes("auth:\n  keycloak_realm: a\n\n  keycloak_realm: b\n"))

    assert found.key == "auth.keycloak_realm"
    assert f"first at {yaml_file.path}:2" in found.reason
    assert f"in {yaml_file.path}:4" in found.reason


def test_anchors_aliases_and_merges_work(yaml_file: YamlFile) -> None:
    text = """\
auth: &login
  keycloak_realm: &realm a
hpc_user_api:
  oidc_scope: *realm
backend_components:
  storage:
    <<: [{label: first, measured_unit: TiB}, {label: second}]
    measured_unit: PB
"""
    settings = yaml_file.load(text).settings

    assert settings.hpc_user_api.oidc_scope == "a"
    assert settings.backend_components.storage.label == "first"
    assert settings.backend_components.storage.measured_unit == "PB"


def _mistakes_of(path: Path) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, config_path=path)
    return caught.value.mistakes
