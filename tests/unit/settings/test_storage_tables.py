"""Storage systems and storage roots."""

from __future__ import annotations

import json

import pytest

from cscs_bootstrap.settings import load_settings
from tests.unit.settings.loading import YamlFile, mistakes, only


@pytest.mark.parametrize(
    "text",
    [
        '{"capstor": "a", "vast": "b"}',
        "capstor=a,vast=b",
        " capstor = a , vast = b ",
        '  {"capstor":"a","vast":"b"}',
    ],
)
def test_systems_can_be_json_or_pairs(text: str) -> None:
    settings = load_settings({"STORAGE_SYSTEMS": text}).settings

    assert settings.storage_systems == {"capstor": "a", "vast": "b"}


def test_json_words_are_text_like_any_other() -> None:
    text = '{"a": true, "b": false, "c": 1.50}'
    settings = load_settings({"STORAGE_SYSTEMS": text}).settings

    assert settings.storage_systems == {"a": "true", "b": "false", "c": "1.50"}


def test_systems_named_like_yaml_words_and_numbers_stay_text(yaml_file: YamlFile) -> None:
    settings = yaml_file.load("storage_systems:\n  no: off\n  010: 1.50\n").settings

    assert settings.storage_systems == {"no": "off", "010": "1.50"}


def test_systems_cannot_be_changed_afterwards() -> None:
    systems = load_settings({"STORAGE_SYSTEMS": "a=b"}).settings.storage_systems

    with pytest.raises(TypeError):
        systems["c"] = "d"  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    ["capstor", "a=b,", "=", "a=", "=b", "[]", "{", '{"a": ["b"]}', '{"a": null}', "{}", '"a"'],
)
def test_anything_else_is_not_systems(text: str) -> None:
    for mistake in mistakes({"STORAGE_SYSTEMS": text}):
        assert mistake.key.startswith("storage_systems")
        assert mistake.variable == "STORAGE_SYSTEMS"


@pytest.mark.parametrize("written", ["{}", "[a]", "text"])
def test_systems_in_the_file_are_a_mapping_with_something_in_it(
    yaml_file: YamlFile, written: str
) -> None:
    found = only(yaml_file.mistakes(f"debug: true\nstorage_systems: {written}\n"))

    assert found.key == "storage_systems"
    if written != "text":
        assert f"{yaml_file.path}:2" in found.reason


@pytest.mark.parametrize("name", ["a/b", ".", "..", "a\u0007b", "x" * 256, "\u00e9" * 128])
def test_a_system_name_can_be_part_of_a_path(yaml_file: YamlFile, name: str) -> None:
    found = only(yaml_file.mistakes(f"storage_systems:\n  {json.dumps(name)}: slug\n"))

    assert found.key.startswith("storage_systems.")
    assert f"{yaml_file.path}:2" in found.reason


def test_every_bad_name_is_told(yaml_file: YamlFile) -> None:
    found = yaml_file.mistakes("storage_systems: {a/b: s, ..: t, ok: u, bad: x/y, empty: }")

    keys = [mistake.key for mistake in found]
    assert keys == [f"storage_systems.{name}" for name in ("a/b", "..", "bad", "empty")]


def test_two_names_for_one_offering_are_a_mistake(yaml_file: YamlFile) -> None:
    found = only(yaml_file.mistakes("storage_systems:\n  a: slug\n  b: slug\n"))

    assert found.key == "storage_systems.b"
    assert "'a'" in found.reason
    assert f"{yaml_file.path}:3" in found.reason


@pytest.mark.parametrize("text", ["a=b,a=c", '{"a": "b", "a": "c"}'])
def test_one_name_twice_is_a_mistake(text: str) -> None:
    found = only(mistakes({"STORAGE_SYSTEMS": text}))

    assert found.key == "storage_systems.a"
    assert "twice" in found.reason


def test_roots_belong_to_configured_systems(yaml_file: YamlFile) -> None:
    text = "storage_systems: {capstor: a}\nstorage_roots:\n  capstor: /x\n  vast: [/y]\n"
    found = only(yaml_file.mistakes(text))

    assert found.key == "storage_roots.vast"
    assert "capstor" in found.hint


@pytest.mark.parametrize("root", ["scratch", "/a/../b", "/a//b", "/a/", "/", "//a", "/./a"])
def test_a_root_is_an_absolute_normalised_path(yaml_file: YamlFile, root: str) -> None:
    text = f"storage_systems: {{capstor: a}}\nstorage_roots:\n  capstor:\n    - {root}\n"
    found = only(yaml_file.mistakes(text))

    assert found.key == "storage_roots.capstor"


def test_wrong_systems_do_not_make_roots_wrong_as_well(yaml_file: YamlFile) -> None:
    text = "storage_systems: {a/b: x, capstor: c}\nstorage_roots: {capstor: /x}\n"

    assert only(yaml_file.mistakes(text)).key == "storage_systems.a/b"
