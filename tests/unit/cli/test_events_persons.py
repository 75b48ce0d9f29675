"""`cscs events export` and `erase`: what a person may ask for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.unit.cli.events_site import EventsSite, filled_site

Said: TypeAlias = pytest.CaptureFixture[str]

ANOVAK = ("alena.novakova@uni.example.org", "anovak", "7f1c2a90e4b54d0c@idp.example.org")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "DATABASE_", "COLLECTOR_")):
            monkeypatch.delenv(name)


@pytest.fixture
def site(tmp_path: Path, capsys: Said) -> EventsSite:
    made = filled_site(tmp_path)
    capsys.readouterr()
    return made


def told(capsys: Said) -> Any:
    return json.loads(capsys.readouterr().out)


def names_in(events: str) -> set[str]:
    """Which names of the person stand in events anywhere."""
    return {name for name in ANOVAK if name in events.lower()}


class TestExport:
    def test_a_users_events_are_written_for_their_owner_alone(
        self, site: EventsSite, capsys: Said
    ) -> None:
        file = site.folder / "u1.ndjson"
        assert site.run("export", "--user", "anovak", "--output", file, "--json") == 0

        lines = file.read_text(encoding="utf-8").splitlines()
        assert told(capsys)["events"] == len(lines) == 8
        assert {json.loads(line)["link"]["user"] for line in lines} == {"u1"}
        assert file.stat().st_mode & 0o777 == 0o600

    def test_who_is_in_no_directory_is_found_by_identities(
        self, site: EventsSite, capsys: Said
    ) -> None:
        file = site.folder / "ghost.ndjson"
        assert site.run("export", "--identity", "GHOST01", "--output", file) == 0

        assert "2 events of the person" in capsys.readouterr().out

    def test_a_file_that_is_there_is_not_replaced(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("export", "--user", "u1", "--output", site.config) == 2
        assert "is there already" in capsys.readouterr().err
        assert "database_url" in site.config.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        "words",
        [[], ["--user", "nobody"], ["--identity", ""], ["--user", " "]],
    )
    def test_somebody_has_to_be_named(self, site: EventsSite, words: list[str]) -> None:
        file = site.folder / "x.ndjson"

        assert site.run("export", *words, "--output", file) == 2
        assert [path.name for path in site.folder.glob("*x.ndjson*")] == []


class TestErase:
    def test_a_person_leaves_no_trace_but_numbers(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("erase", "--user", "u1", "--yes", "--json") == 0
        report = told(capsys)
        assert (report["events"], report["left"]) == (8, 0)
        assert site.run("list", "--ndjson") == 0
        events = capsys.readouterr().out
        assert len(events.splitlines()) == 22
        assert names_in(events) == set()

        assert site.run("erase", "--user", "u1", "--yes") == 0
        assert "No event tells of the person." in capsys.readouterr().out

    def test_a_rehearsal_counts_and_erases_nothing(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("erase", "--identity", "ghost01", "--dry-run") == 0

        text = capsys.readouterr().out
        assert "would be erased from 2 events" in text
        assert site.run("list", "--ndjson") == 0
        assert "ghost01" in capsys.readouterr().out

    @pytest.mark.parametrize("words", [["--user", "u1"], ["--yes"], ["--user", "who", "--yes"]])
    def test_nothing_is_erased_unasked(
        self, site: EventsSite, capsys: Said, words: list[str]
    ) -> None:
        assert site.run("erase", *words) == 2
        assert site.run("list", "--ndjson") == 0
        assert names_in(capsys.readouterr().out) == set(ANOVAK)
