"""The section `events`: the database, collectors' keys, sources, what belongs together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_bootstrap.secrets import DatabaseUrl
from cscs_bootstrap.settings import as_json, as_text, describe, example_yaml, load_settings
from cscs_bootstrap.settings_events_rules import events_cautions, events_notices
from tests.unit.settings.loading import YamlFile, mistakes, only

KEY, OTHER = "a-key-of-a-collector", "another-key-of-a-collector"


@pytest.mark.parametrize("url", ["sqlite:///events.sqlite3", "sqlite:///data/events.sqlite3"])
def test_a_relative_file_in_the_settings_file_starts_at_its_folder(
    yaml_file: YamlFile, url: str
) -> None:
    settings = yaml_file.load(f"events: {{database_url: '{url}'}}").settings

    expected = yaml_file.path.parent / url.removeprefix("sqlite:///")
    assert settings.events.database_url == DatabaseUrl(f"sqlite:///{expected}")


@pytest.mark.parametrize(
    "url",
    ["sqlite:////srv/events.sqlite3", "sqlite:///:memory:", "sqlite:///", "postgresql://h/events"],
)
def test_other_urls_are_taken_as_they_stand(yaml_file: YamlFile, url: str) -> None:
    settings = yaml_file.load(f"events: {{database_url: '{url}'}}").settings

    assert settings.events.database_url.reveal() == url


def test_a_relative_file_in_a_variable_is_one_of_the_working_directory() -> None:
    settings = load_settings({"DATABASE_URL": "sqlite:///events.sqlite3"}).settings

    assert settings.events.database_url.reveal() == "sqlite:///events.sqlite3"


def test_the_url_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://me:hunter2@db/events\n", encoding="utf-8")
    loaded = load_settings({"DATABASE_URL_FILE": str(tmp_path / "url")})

    assert loaded.settings.events.database_url.reveal() == "postgresql://me:hunter2@db/events"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////srv/events.sqlite3", "sqlite:////srv/events.sqlite3"),
        (
            "postgresql://me@db.example.com:5433/events",
            "postgresql://***@db.example.com:5433/events",
        ),
        ("postgresql+psycopg://me:pw@db/events", "postgresql+psycopg://***@db/events"),
        ("postgresql://me:p/w@x@db/events?sslmode=require", "postgresql://***@db/events?***"),
        ("postgresql://me:p?w@db/events", "postgresql://***"),
        ("postgresql://db/events?user=me@cscs", "postgresql://***"),
        ("postgresql:///events?password=pw", "postgresql:///events?***"),
        ("just-a-password", "***"),
        ("pass word://x", "***"),
    ],
)
def test_a_database_is_shown_without_passwords(url: str, shown: str) -> None:
    assert repr(DatabaseUrl(url)) == shown


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
def test_no_password_of_a_database_is_ever_shown(text: str) -> None:
    password = f"Zq7{text}Zq7"
    url = f"postgresql://me:{password}@db.example.com/events?password={password}"
    loaded = load_settings({"DATABASE_URL": url})
    rows = describe(loaded)

    for answer in (repr(loaded), as_text(rows), str(as_json(rows)), str(loaded.notices)):
        assert "Zq7" not in answer


def test_keys_are_never_shown() -> None:
    keys = '{"pbs1": "Zq7-key-of-a-collector"}'
    loaded = load_settings(
        {"COLLECTOR_API_KEY": "Zq7-another-collector", "CSCS_EVENTS__COLLECTOR_KEYS": keys}
    )

    assert "Zq7" not in repr(loaded) + as_text(describe(loaded))
    assert '{"pbs1": "***"}' in as_text(describe(loaded))


def test_every_key_has_the_name_of_its_collector(yaml_file: YamlFile) -> None:
    text = f"events: {{collector_key: {KEY}, collector_keys: {{pbs1: {OTHER}}}}}"
    events = yaml_file.load(text).settings.events

    assert {name: key.reveal() for name, key in events.named_keys()} == {
        "default": KEY,
        "pbs1": OTHER,
    }


def test_a_key_in_a_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n", encoding="utf-8")
    key = load_settings({"COLLECTOR_API_KEY_FILE": str(path)}).settings.events.collector_key
    path.write_text(f"{OTHER}\n", encoding="utf-8")

    assert key is not None
    assert key.reveal() == OTHER


@pytest.mark.parametrize(
    "key", ["too-short", "fifteen-letters", "a key with blanks in it", "é" * 20]
)
def test_a_key_that_is_no_good_is_refused_and_not_quoted(key: str) -> None:
    found = only(mistakes({"COLLECTOR_API_KEY": key}))

    assert found.key == "events.collector_key"
    assert "openssl" in found.hint
    assert key not in str(found)


@pytest.mark.parametrize(
    ("keys", "key", "said"),
    [
        ('{"pbs1": "short"}', "events.collector_keys.pbs1", "guessed"),
        (f'{{"": "{KEY}"}}', "events.collector_keys", "empty name"),
        (f'{{"{"a" * 256}": "{KEY}"}}', "events.collector_keys", "255"),
        (f'["{KEY}"]', "events.collector_keys", "must be a mapping"),
        (f'{{"a": "{KEY}", "b": "{KEY}"}}', "events.collector_keys.b", "the same key as a"),
        (f'{{"default": "{KEY}"}}', "events.collector_keys.default", "is the name of the key"),
        (f'{{"pbs1": "{OTHER}"}}', "events.collector_keys.pbs1", "the same key as default"),
    ],
)
def test_keys_that_cannot_be_told_apart_are_refused(keys: str, key: str, said: str) -> None:
    environ = {"COLLECTOR_API_KEY": OTHER, "CSCS_EVENTS__COLLECTOR_KEYS": keys}
    found = only(mistakes(environ))

    assert found.key.startswith(key)
    assert said in found.reason


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sources: []", "at least one"),
        ("sources: {a: b}", "at least one"),
        ("sources: [pbs, '']", "empty entry"),
        ("sources: 'pbs,,slurm'", "empty entry"),
        (f"sources: [{'a' * 256}]", "more than 255"),
        ("most_events: 0", "from 1 to 1000000"),
        ("most_body_bytes: 10", "from 1024"),
        ("partitions_ahead: 0", "from 1 to 120"),
        ("compress_after_days: 1.5", "a whole number"),
        ("compress_after_days: -1", "must be a number"),
        ("retention_days: 30", "from 180"),
        ("pool_size: 0", "from 1 to 100"),
    ],
)
def test_values_that_cannot_be_are_refused(yaml_file: YamlFile, line: str, said: str) -> None:
    found = only(yaml_file.mistakes(f"events:\n  {line}\n"))

    assert found.key == f"events.{line.partition(':')[0]}"
    assert said in found.reason


@pytest.mark.parametrize("written", ["[pbs, slurm, pbs]", "pbs, slurm", '["pbs", "slurm"]'])
def test_sources_are_each_told_once(yaml_file: YamlFile, written: str) -> None:
    text = f"events:\n  sources: {written}\n"

    assert yaml_file.load(text).settings.events.sources == ("pbs", "slurm")


@pytest.mark.parametrize(("written", "days"), [("never", None), ("Never", None), ("180", 180)])
def test_retention_is_days_or_never(yaml_file: YamlFile, written: str, days: int | None) -> None:
    settings = yaml_file.load(f"events: {{retention_days: {written}}}").settings

    assert settings.events.retention_days == days


def test_nothing_is_deleted_before_it_is_compressed(yaml_file: YamlFile) -> None:
    found = only(yaml_file.mistakes("events: {retention_days: 200, compress_after_days: 200}"))

    assert found.key == "events.compress_after_days"


@pytest.mark.parametrize(
    ("adapters", "key"),
    [
        ("{events: fake, directory: sql}", "adapters.directory"),
        ("{directory: {kind: file, path: [a.yaml, b.yaml]}}", "adapters.directory.path"),
    ],
)
def test_a_directory_that_cannot_be_is_refused(
    yaml_file: YamlFile, adapters: str, key: str
) -> None:
    assert only(yaml_file.mistakes(f"adapters: {adapters}")).key == key


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({}, {"events.collector_key", "adapters.directory.path"}),
        ({"COLLECTOR_API_KEY": KEY, "CSCS_ADAPTERS__DIRECTORY": "sql"}, set()),
        ({"COLLECTOR_API_KEY": KEY, "CSCS_ADAPTERS__DIRECTORY__PATH": "/d.yaml"}, set()),
        (
            {
                "CSCS_EVENTS__COLLECTOR_KEYS": f'{{"pbs1": "{KEY}"}}',
                "CSCS_ADAPTERS__DIRECTORY": "fake",
                "CSCS_ADAPTERS__EVENTS": "fake",
                "CSCS_ADAPTERS__EVENTS__PATH": "/events",
            },
            {"adapters.events", "adapters.events.path"},
        ),
    ],
)
def test_what_is_allowed_and_doubtful_is_told(environ: dict[str, str], keys: set[str]) -> None:
    cautions = events_cautions(load_settings(environ).settings)

    assert {caution.key for caution in cautions} == keys


def test_a_retention_of_events_in_memory_is_told_to_be_of_no_use() -> None:
    environ = {"CSCS_ADAPTERS__EVENTS": "fake", "CSCS_EVENTS__RETENTION_DAYS": "200"}
    notices = events_notices(load_settings(environ).settings)

    assert any(notice.startswith("events.retention_days is not used") for notice in notices)


def test_the_example_shows_no_password() -> None:
    assert "replace-me" in example_yaml()
    assert "Default: sqlite:///cscs-events.sqlite3. Secret." in example_yaml()
