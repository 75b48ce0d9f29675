"""The example file is made from the settings, so it must load as they do."""

from __future__ import annotations

import re

import pytest

from cscs_bootstrap.settings import Row, Settings, describe, example_yaml, load_settings
from tests.unit.settings.loading import EVERY_PART, YamlFile

_VALUE = re.compile(r"^( *)#(?! )", re.MULTILINE)
_REQUIRED = re.compile(r"(# Required for .*\n(?: *# .*\n)* *)#(?! )")


def test_the_example_as_it_stands_sets_nothing(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load(example_yaml())

    assert loaded.settings == Settings()
    assert set(map(str, loaded.origins.values())) == {"default"}


def test_with_what_is_required_the_example_serves_every_part(yaml_file: YamlFile) -> None:
    text = _REQUIRED.sub(r"\1", example_yaml())
    loaded = yaml_file.load(text, require=EVERY_PART)

    assert loaded.settings.storage_systems
    assert loaded.notices == ()


def test_with_everything_uncommented_every_value_is_valid(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load(_VALUE.sub(r"\1", example_yaml()), require=EVERY_PART)

    defaults = {key for key, origin in loaded.origins.items() if str(origin) == "default"}
    assert all(key.startswith("adapters.") and key.endswith(".path") for key in defaults)


@pytest.mark.parametrize("row", describe(load_settings({})), ids=lambda row: row.key)
def test_the_example_names_every_key_and_variable(row: Row) -> None:
    name = row.key.rpartition(".")[2]

    assert re.search(rf"^ *#? *{name}:", example_yaml(), re.MULTILINE)
    assert f" {row.variable}." in example_yaml()
