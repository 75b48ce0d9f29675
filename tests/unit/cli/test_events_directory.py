"""`cscs events directory`: checked, loaded into the database, exemplified."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from cscs_cli.main import main
from tests.unit.cli.events_site import DIRECTORY, EventsSite, events_site

Said: TypeAlias = pytest.CaptureFixture[str]

_IN_DATABASE = """\
events: {database_url: "sqlite:///events.sqlite3"}
adapters: {directory: sql}
# %s
"""


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "DATABASE_", "COLLECTOR_")):
            monkeypatch.delenv(name)


@pytest.fixture
def site(tmp_path: Path, capsys: Said) -> EventsSite:
    """A site whose directory is in the database."""
    made = events_site(tmp_path, _IN_DATABASE)
    assert made.run("init") == 0
    capsys.readouterr()
    return made


def told(capsys: Said) -> Any:
    return json.loads(capsys.readouterr().out)


class TestCheck:
    def test_a_good_directory_is_counted(self, tmp_path: Path, capsys: Said) -> None:
        assert events_site(tmp_path).run("directory", "check") == 0

        assert capsys.readouterr().out.startswith("6 users, 6 projects, 8 allocations, 2 OpenStack")

    def test_what_is_wrong_is_told_and_ends_with_3(self, site: EventsSite, capsys: Said) -> None:
        file = site.folder / "bad.yaml"
        file.write_text("users:\n- {id: u1}\n- {id: u1, username: x}\n", encoding="utf-8")

        assert site.run("directory", "check", file, "--json") == 3
        assert [problem["severity"] for problem in told(capsys)["problems"]]
        assert site.run("directory", "check", file) == 3
        assert "duplicate" in capsys.readouterr().out

    def test_a_file_that_is_not_there_is_told(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("directory", "check", site.folder / "gone.yaml") == 2
        assert "gone.yaml" in capsys.readouterr().err
        assert site.run("directory", "check") == 2
        assert "No directory is named" in capsys.readouterr().err

    def test_a_configured_file_that_is_gone_is_an_upstream(self, tmp_path: Path) -> None:
        made = events_site(tmp_path)
        made.directory.unlink()

        assert made.run("directory", "check") == 1


class TestLoad:
    def test_a_directory_in_the_database_finds_users(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("directory", "load", DIRECTORY, "--json") == 0
        assert told(capsys)["users"] == {"records": 6, "added": 6, "changed": 0, "removed": 0}
        assert site.run("summary", "--scope", "project", "--id", "207") == 0
        assert "Alpine climate" in capsys.readouterr().out

    def test_a_rehearsal_counts_and_changes_nothing(self, site: EventsSite, capsys: Said) -> None:
        for _ in range(2):
            assert site.run("directory", "load", DIRECTORY, "--dry-run", "--json") == 0
            assert told(capsys)["projects"]["added"] == 6
        assert site.run("directory", "load", DIRECTORY, "--dry-run") == 0
        assert capsys.readouterr().out.endswith("Dry run: nothing was changed.\n")

    def test_the_same_again_changes_nothing(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("directory", "load", DIRECTORY) == 0
        assert "cscs events relink" in capsys.readouterr().out
        assert site.run("directory", "load", DIRECTORY, "--json") == 0
        assert told(capsys)["users"] == {"records": 6, "added": 0, "changed": 0, "removed": 0}

    def test_a_directory_that_lost_everybody_is_not_loaded(
        self, site: EventsSite, capsys: Said
    ) -> None:
        empty = site.folder / "empty.yaml"
        empty.write_text("users: []\nprojects: []\n", encoding="utf-8")
        assert site.run("directory", "load", DIRECTORY) == 0
        capsys.readouterr()

        assert site.run("directory", "load", empty) == 2
        assert "--allow-empty" in capsys.readouterr().err
        assert site.run("directory", "load", empty, "--allow-empty", "--json") == 0
        assert told(capsys)["users"]["removed"] == 6

    def test_it_needs_a_store(self, tmp_path: Path) -> None:
        assert events_site(tmp_path, _IN_DATABASE).run("directory", "load", DIRECTORY) == 2


def test_the_example_holds(tmp_path: Path, capsys: Said) -> None:
    assert main(["events", "directory", "example"]) == 0
    file = tmp_path / "example.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")

    assert main(["events", "directory", "check", str(file)]) == 0
