"""`cscs events` about the store as a whole: made, looked at, taken back, saved, put back."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from cscs_cli.main import main
from tests.sql_databases import postgresql
from tests.unit.cli.events_site import EventsSite, events_site, filled_site, sample_events

Said: TypeAlias = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "DATABASE_", "COLLECTOR_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> EventsSite:
    return events_site(tmp_path)


def said(capsys: Said) -> str:
    return capsys.readouterr().out


class TestInit:
    def test_the_tables_are_made_once(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("init") == 0
        assert "the tables are made (sqlite)" in said(capsys)
        assert site.run("init", "--json") == 0
        made = json.loads(said(capsys))
        assert (made["dialect"], made["is_new"]) == ("sqlite", False)
        assert made["store"].endswith("events.sqlite3")

    def test_without_settings_the_store_is_a_file_in_the_working_directory(
        self, tmp_path: Path
    ) -> None:
        assert main(["events", "init"]) == 0
        assert (tmp_path / "cscs-events.sqlite3").exists()

    @pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "timescaledb"])
    def test_statements_of_any_dialect_are_printed_without_a_server(
        self, site: EventsSite, dialect: str, capsys: Said
    ) -> None:
        assert site.run("init", "--print-sql", "--dialect", dialect) == 0

        text = said(capsys)
        assert "CREATE TABLE resource_usage_events" in text
        assert ("add_compression_policy" in text) == (dialect == "timescaledb")
        assert ("PARTITION OF" in text or "ATTACH PARTITION" in text) == (dialect == "postgresql")
        assert not site.database.exists()

    def test_statements_are_those_of_the_configured_database_unless_told_otherwise(
        self, site: EventsSite, capsys: Said, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert site.run("init", "--print-sql") == 0
        printed = said(capsys)
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@nowhere.example.com/events")
        assert site.run("init", "--print-sql", "--timescale", "on") == 0

        assert "journal_mode" in printed
        assert "create_hypertable" in said(capsys)

    def test_what_is_printed_by_hand_makes_a_store(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("init", "--print-sql") == 0
        with closing(sqlite3.connect(site.database)) as connection:
            connection.executescript(said(capsys))

        assert site.run("status") == 0

    @pytest.mark.parametrize(
        "words",
        [["--dialect", "sqlite"], ["--print-sql", "--json"], ["--timescale", "maybe"]],
    )
    def test_what_makes_no_sense_is_refused(self, site: EventsSite, words: list[str]) -> None:
        assert site.run("init", *words) == 2
        assert not site.database.exists()

    def test_events_in_memory_have_no_database(
        self, site: EventsSite, monkeypatch: pytest.MonkeyPatch, capsys: Said
    ) -> None:
        monkeypatch.setenv("CSCS_ADAPTERS__EVENTS", "fake")

        assert site.run("init") == 2
        assert "kept in memory" in capsys.readouterr().err

    def test_a_database_that_is_away_ends_with_1_and_no_password(
        self, site: EventsSite, monkeypatch: pytest.MonkeyPatch, capsys: Said
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/events")

        assert site.run("init") == 1
        assert "hunter2" not in capsys.readouterr().err


class TestStatus:
    def test_a_store_that_is_not_there_is_told_with_the_remedy(
        self, site: EventsSite, capsys: Said
    ) -> None:
        assert site.run("status") == 2

        out, err = capsys.readouterr()
        assert "absent" in out
        assert "cscs events init" in err
        assert not site.database.exists()

    def test_a_store_in_use_is_described(self, tmp_path: Path, capsys: Said) -> None:
        site = filled_site(tmp_path)
        capsys.readouterr()

        assert site.run("status", "--json") == 0
        state = json.loads(said(capsys))
        assert (state["state"], state["dialect"], state["zone"], state["fault"]) == (
            *("current", "sqlite", "Europe/Zurich"),
            None,
        )
        assert state["rows"]["resource_usage_events"] == 22
        assert state["first_event"] == "2025-11-18T23:00:00Z"
        assert site.run("status") == 0
        assert "zone of the days    Europe/Zurich" in said(capsys)

    def test_what_a_server_would_tell_at_its_start_is_told(
        self, site: EventsSite, capsys: Said
    ) -> None:
        assert site.run("init") == 0
        lines = ("site_timezone: Europe/Zurich", "events: {database_url: sqlite:///events.sqlite3}")
        site.config.write_text("\n".join(lines), encoding="utf-8")
        capsys.readouterr()

        assert site.run("status") == 0
        assert "adapters.directory.path is not set" in capsys.readouterr().err
        assert site.run("status", "--json") == 0
        notices = json.loads(said(capsys))["notices"]
        assert any("events.collector_key is not set" in notice for notice in notices)

    def test_a_retention_that_nothing_carries_out_is_a_fault(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
    ) -> None:
        site = filled_site(tmp_path)
        monkeypatch.setenv("CSCS_EVENTS__RETENTION_DAYS", "200")

        assert site.run("status") == 2
        assert "events.retention_days" in capsys.readouterr().err
        assert site.run("status", "--json") == 2
        assert "TimescaleDB" in json.loads(said(capsys))["fault"]["reason"]

    def test_another_zone_is_told_with_the_remedy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
    ) -> None:
        site = filled_site(tmp_path)
        monkeypatch.setenv("CSCS_SITE_TIMEZONE", "UTC")

        assert site.run("status") == 2
        assert "cscs events rebuild" in capsys.readouterr().err


class TestVersions:
    def test_steps_are_taken_back_only_with_yes(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("init") == 0
        assert site.run("downgrade") == 2

        error = capsys.readouterr().err
        assert "0003" in error
        assert "0002" not in error
        assert site.run("status") == 0

    def test_one_step_back_and_forth_keeps_the_events(self, tmp_path: Path, capsys: Said) -> None:
        site = filled_site(tmp_path)

        assert site.run("downgrade", "--yes") == 0
        assert site.run("status") == 2
        assert "step to take" in capsys.readouterr().out
        assert site.run("status") == 2
        assert "cscs events upgrade" in capsys.readouterr().err
        assert site.run("list") == 2
        assert site.run("upgrade", "--json") == 0
        assert len(json.loads(said(capsys))["steps"]) == 1
        assert site.run("list", "--json") == 0
        assert len(json.loads(said(capsys))["events"]) == 22

    def test_a_current_store_needs_no_upgrade(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("init") == 0
        assert site.run("upgrade") == 0

        assert "nothing to do" in said(capsys)

    def test_a_store_that_is_not_there_cannot_be_upgraded(self, site: EventsSite) -> None:
        assert site.run("upgrade") == 2
        assert site.run("downgrade", "--yes") == 2
        assert site.run("downgrade", "--steps", "0", "--yes") == 2


class TestBackups:
    def test_a_backup_goes_into_an_empty_store(self, tmp_path: Path, capsys: Said) -> None:
        site = filled_site(tmp_path)
        copy = tmp_path / "events.backup"

        assert site.run("backup", copy) == 0
        assert "22 events" in said(capsys)
        assert copy.stat().st_mode & 0o777 == 0o600
        site.database.unlink()
        assert site.run("init") == 0
        capsys.readouterr()
        assert site.run("restore", copy, "--json") == 0
        assert json.loads(said(capsys))["rows"]["resource_usage_events"] == 22
        assert site.run("restore", copy) == 2

    def test_a_backup_replaces_no_file(self, tmp_path: Path, capsys: Said) -> None:
        site = filled_site(tmp_path)
        (tmp_path / "precious").write_text("mine", encoding="utf-8")

        assert site.run("backup", tmp_path / "precious") == 2
        assert "is there already" in capsys.readouterr().err
        assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"

    def test_a_folder_that_is_not_there_is_told(self, tmp_path: Path, capsys: Said) -> None:
        site = filled_site(tmp_path)

        assert site.run("backup", tmp_path / "nowhere" / "x") == 2
        assert "cannot be written" in capsys.readouterr().err

    def test_what_is_no_backup_is_refused(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("init") == 0

        assert site.run("restore", site.folder / "nowhere") == 2
        assert "cannot be read" in capsys.readouterr().err
        assert site.run("restore", site.config) == 2
        assert site.run("backup", "") == 2


def test_a_backup_moves_a_store_to_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    site = filled_site(tmp_path)
    assert site.run("backup", tmp_path / "events.backup") == 0
    capsys.readouterr()
    with postgresql(tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        assert site.run("init") == 0
        assert "(postgresql), room for 4 months was made" in said(capsys)
        assert site.run("restore", tmp_path / "events.backup") == 0
        site.take_in(sample_events())
        capsys.readouterr()
        assert site.run("status") == 0
        assert "resource_usage_events_y2025m11 to " in said(capsys)
        assert site.run("status", "--json") == 0
        state = json.loads(said(capsys))
        words = ("summary", "--scope", "user", "--id", "u1", "--from", "2025-11-01", "--json")
        assert site.run(*words) == 0
        totals = json.loads(said(capsys))["totals"]

    assert (state["dialect"], state["rows"]["resource_usage_events"]) == ("postgresql", 22)
    assert "resource_usage_events_y2025m11" in state["partitions"]
    assert totals["events"] == 8


def test_sums_of_another_zone_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    site = filled_site(tmp_path)
    monkeypatch.setenv("CSCS_SITE_TIMEZONE", "UTC")
    summary = ("summary", "--scope", "project", "--id", "207", "--from", "2025-11-18")
    assert site.run(*summary) == 2
    capsys.readouterr()

    assert site.run("rebuild", "--json") == 0
    assert json.loads(said(capsys))["zone"] == "UTC"
    assert site.run(*summary, "--to", "2025-11-18", "--json") == 0
    assert json.loads(said(capsys))["totals"]["events"] > 0
    assert site.run("rebuild") == 0
    assert said(capsys).endswith("1 day of UTC summed up.\n")
