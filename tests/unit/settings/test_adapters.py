"""Choosing the technology behind each port."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.settings import AdapterKind, load_settings
from cscs_bootstrap.settings_rules import ADAPTER_KINDS
from tests.unit.settings.loading import YamlFile, mistakes, only


def test_a_bare_word_chooses_an_adapter(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load("adapters:\n  waldur: fake\n")

    assert loaded.settings.adapters.waldur.kind is AdapterKind.FAKE
    assert str(loaded.origins["adapters.waldur"]) == f"{yaml_file.path}:2"


def test_a_mapping_chooses_an_adapter_and_its_files(yaml_file: YamlFile) -> None:
    settings = yaml_file.load("adapters: {waldur: {kind: file, path: [/a, /b]}}").settings

    assert settings.adapters.waldur.kind is AdapterKind.FILE
    assert settings.adapters.waldur.path == (Path("/a"), Path("/b"))


def test_a_variable_can_hold_a_word_or_a_mapping() -> None:
    word = load_settings({"CSCS_ADAPTERS__DWDI": "fake"}).settings
    mapping = load_settings({"CSCS_ADAPTERS__DWDI": '{"kind": "file", "path": ["/a"]}'}).settings

    assert word.adapters.dwdi.kind is AdapterKind.FAKE
    assert mapping.adapters.dwdi.path == (Path("/a"),)


def test_the_file_may_name_the_path_and_the_variable_the_kind(yaml_file: YamlFile) -> None:
    environ = {"CSCS_ADAPTERS__WALDUR": "file"}
    settings = yaml_file.load("adapters: {waldur: {path: /a}}", environ).settings

    assert settings.adapters.waldur.kind is AdapterKind.FILE
    assert settings.adapters.waldur.path == (Path("/a"),)


@pytest.mark.parametrize("path", ['"/a"', '["/b"]'])
def test_a_mapping_and_a_single_variable_that_differ_are_a_mistake(path: str) -> None:
    environ = {
        "CSCS_ADAPTERS__WALDUR": f'{{"kind": "file", "path": {path}}}',
        "CSCS_ADAPTERS__WALDUR__PATH": "/b",
    }

    assert only(mistakes(environ)).key == "adapters.waldur.path"


@pytest.mark.parametrize("text", ['{"kind": ', '{"kind": "http",}', "{kind: http}"])
def test_a_mapping_that_is_not_json_is_a_mistake(text: str) -> None:
    found = only(mistakes({"CSCS_ADAPTERS__WALDUR": text}))

    assert (found.key, found.variable) == ("adapters.waldur", "CSCS_ADAPTERS__WALDUR")
    assert "JSON" in found.reason


def test_an_unknown_sub_key_is_a_mistake_with_its_full_path(yaml_file: YamlFile) -> None:
    found = only(yaml_file.mistakes("adapters: {waldur: {kind: http, pth: /a}}"))

    assert found.key == "adapters.waldur.pth"
    assert found.hint == "Did you mean adapters.waldur.path?"


@pytest.mark.parametrize("word", ["ftp", "HTTP2", "none"])
def test_an_unknown_word_is_a_mistake(word: str) -> None:
    found = only(mistakes({"CSCS_ADAPTERS__EVENTS": word}))

    assert found.key == "adapters.events"
    assert "http, file, sql, fake" in found.reason


@pytest.mark.parametrize("name", ADAPTER_KINDS)
@pytest.mark.parametrize("kind", AdapterKind)
def test_a_port_takes_only_the_technologies_it_has(name: str, kind: AdapterKind) -> None:
    variable = f"CSCS_ADAPTERS__{name.upper()}"
    environ = {variable: kind.value, f"{variable}__PATH": "/a"}

    if kind in ADAPTER_KINDS[name]:
        assert getattr(load_settings(environ).settings.adapters, name).kind is kind
    else:
        assert only(mistakes(environ)).key == f"adapters.{name}"


@pytest.mark.parametrize("name", ["waldur", "hpc_user", "dwdi"])
def test_reading_from_files_needs_a_path(yaml_file: YamlFile, name: str) -> None:
    found = only(yaml_file.mistakes(f"adapters: {{{name}: file}}"))

    assert found.key == f"adapters.{name}.path"
    assert found.variable == f"CSCS_ADAPTERS__{name.upper()}__PATH"


@pytest.mark.parametrize("written", ["[a, '']", "[[a]]", "{a: b}"])
def test_paths_are_one_path_or_a_list_of_them(yaml_file: YamlFile, written: str) -> None:
    found = only(yaml_file.mistakes(f"adapters: {{waldur: {{kind: file, path: {written}}}}}"))

    assert found.key == "adapters.waldur.path"


def test_a_mapping_nested_without_end_is_a_mistake() -> None:
    found = only(mistakes({"CSCS_ADAPTERS__WALDUR": '{"kind": ' + "[" * 100_000}))

    assert "deep" in found.reason
