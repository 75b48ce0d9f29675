"""What each kind of value accepts and refuses."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_bootstrap.settings import load_settings
from tests.unit.settings.loading import YamlFile, at, mistakes, only


@pytest.mark.parametrize("text", ["true", "1", "yes", "on", "TRUE", "Yes", "oN", " true "])
def test_true_has_four_spellings_in_any_case(text: str) -> None:
    assert load_settings({"DEBUG": text}).settings.debug is True


@pytest.mark.parametrize("text", ["false", "0", "no", "off", "FALSE", "No", "oFF"])
def test_false_has_four_spellings_in_any_case(text: str) -> None:
    assert load_settings({"WALDUR_VERIFY_SSL": text}).settings.waldur_api.verify_ssl is False


@pytest.mark.parametrize("text", ["maybe", "2", "t", "y", "truee", "*"])
def test_any_other_truth_is_a_mistake(text: str) -> None:
    found = only(mistakes({"DEBUG": text}))

    assert (found.key, found.variable) == ("debug", "DEBUG")
    assert text in found.reason


@pytest.mark.parametrize("digits", ["1.33", "1.3300000000000001", "0.1", "1.10", "1e-3"])
def test_a_coefficient_keeps_every_digit(yaml_file: YamlFile, digits: str) -> None:
    text = f"backend_settings: {{inode_soft_coefficient: {digits}}}\n"

    found = yaml_file.load(text).settings.backend_settings.inode_soft_coefficient
    assert found == Decimal(digits)
    assert isinstance(found, Decimal)


@given(st.decimals("0.000001", "1.999999", places=6))
def test_a_coefficient_from_a_variable_is_exact(number: Decimal) -> None:
    name = "CSCS_BACKEND_SETTINGS__INODE_SOFT_COEFFICIENT"
    settings = load_settings({name: str(number)}).settings

    assert settings.backend_settings.inode_soft_coefficient == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "nan", "inf", "0x10", "1:30", "1,000"])
def test_the_inode_multiplier_is_a_whole_number_above_zero(text: str) -> None:
    found = only(mistakes({"CSCS_BACKEND_SETTINGS__INODE_BASE_MULTIPLIER": text}))

    assert found.key == "backend_settings.inode_base_multiplier"


@pytest.mark.parametrize(
    "key", ["inode_soft_coefficient", "inode_hard_coefficient", "inode_base_multiplier"]
)
def test_quota_figures_of_zero_are_refused(yaml_file: YamlFile, key: str) -> None:
    found = only(yaml_file.mistakes(f"backend_settings: {{{key}: 0}}"))

    assert found.key == f"backend_settings.{key}"
    assert "above zero" in found.reason


@pytest.mark.parametrize("text", ["0", "-2", "one"])
def test_the_unit_factor_is_above_zero(text: str) -> None:
    found = only(mistakes({"CSCS_BACKEND_COMPONENTS__STORAGE__UNIT_FACTOR": text}))

    assert found.key == "backend_components.storage.unit_factor"


@pytest.mark.parametrize("text", ["0", "1", "0.25", "1.0"])
def test_a_sample_rate_is_from_zero_to_one(text: str) -> None:
    settings = load_settings({"SENTRY_TRACES_SAMPLE_RATE": text}).settings

    assert settings.sentry.traces_sample_rate == Decimal(text)


@pytest.mark.parametrize("text", ["1.01", "-0.1", "100%", "2"])
def test_other_sample_rates_are_mistakes(text: str) -> None:
    assert only(mistakes({"SENTRY_TRACES_SAMPLE_RATE": text})).key == "sentry.traces_sample_rate"


@pytest.mark.parametrize("text", ["-1", "soon", "15s", "1e30", "99999999"])
@pytest.mark.parametrize("key", ["snapshot_max_age", "stale_if_error", "snapshot_keep"])
def test_a_duration_is_a_sensible_number_of_seconds(key: str, text: str) -> None:
    assert only(mistakes({f"CSCS_{key.upper()}": text})).key == key


def test_fractions_of_a_second_are_kept() -> None:
    settings = load_settings({"CSCS_SNAPSHOT_MAX_AGE": "0.25"}).settings

    assert settings.snapshot_max_age == timedelta(milliseconds=250)


@pytest.mark.parametrize("key", ["item_ids", "storage_system_source", "log_format"])
def test_a_word_that_is_no_choice_is_told_the_choices(key: str) -> None:
    found = only(mistakes({f"CSCS_{key.upper()}": "whatever"}))

    assert found.key == key
    assert "must be one of" in found.reason
    assert "whatever" in found.reason


@pytest.mark.parametrize("text", ["Mars/Base", "../../etc/passwd", "Europe", "/etc/localtime"])
def test_a_time_zone_must_exist(text: str) -> None:
    assert only(mistakes({"CSCS_SITE_TIMEZONE": text})).key == "site_timezone"


def test_the_zone_is_ready_for_dates() -> None:
    assert load_settings({"CSCS_SITE_TIMEZONE": "UTC"}).settings.zone is UTC
    zurich = load_settings({"CSCS_SITE_TIMEZONE": "Europe/Zurich"}).settings
    assert zurich.zone == ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31mb", "a\x00b", "a\udc80b"])
def test_texts_cannot_hold_control_characters(text: str) -> None:
    found = only(mistakes({"CSCS_KEYCLOAK_REALM": text}))

    assert found.key == "auth.keycloak_realm"
    assert str(found).isprintable()


@pytest.mark.parametrize("written", ["[a, b]", "{a: b}"])
@pytest.mark.parametrize("key", ["debug", "auth.keycloak_realm", "waldur_api.access_token"])
def test_single_values_are_neither_lists_nor_mappings(
    yaml_file: YamlFile, key: str, written: str
) -> None:
    group, _, name = key.rpartition(".")
    text = f"{group}: {{{name}: {written}}}" if group else f"{name}: {written}"

    assert only(yaml_file.mistakes(text)).key == key


def test_numbers_serve_as_text_digit_by_digit(yaml_file: YamlFile) -> None:
    settings = yaml_file.load("hpc_user_api: {client_id: 00123}").settings

    assert at(settings, "hpc_user_api.client_id") == "00123"
