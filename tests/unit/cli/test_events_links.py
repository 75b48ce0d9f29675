"""`cscs events relink`, `link` and `unlink` over the events of the samples."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.unit.cli.events_site import EventsSite, filled_site, sample_id

Said: TypeAlias = pytest.CaptureFixture[str]

GHOST = "  - {id: u7, username: ghost01, default_project: p1}\n"
WHY = ("--reason", "ticket 4711")


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


def link_of(site: EventsSite, event: object, capsys: Said) -> Any:
    assert site.run("show", str(event), "--json") == 0
    return told(capsys)["events"][0]["link"]


def welcome_the_ghost(site: EventsSite) -> None:
    """Put the user into the directory whom nobody knew."""
    text = site.directory.read_text(encoding="utf-8")
    site.directory.write_text(text.replace("users:\n", f"users:\n{GHOST}"), encoding="utf-8")


class TestRelink:
    def test_a_user_approved_later_is_found_for_past_events(
        self, site: EventsSite, capsys: Said
    ) -> None:
        welcome_the_ghost(site)

        assert site.run("relink", "--only-unresolved", "--json") == 0
        report = told(capsys)
        assert (report["changed"], report["newly_resolved"]) == (2, 2)
        assert site.run("unresolved") == 0
        assert "Nothing is missing." in capsys.readouterr().out

    def test_a_rehearsal_counts_and_changes_nothing(self, site: EventsSite, capsys: Said) -> None:
        welcome_the_ghost(site)

        assert site.run("relink", "--dry-run") == 0
        text = capsys.readouterr().out
        assert "22 events: 2 changed, 20 unchanged" in text
        assert text.endswith("Dry run: nothing was changed.\n")
        assert link_of(site, sample_id("pbs", "4007."), capsys)["user"] is None

    def test_filters_bound_what_is_linked_again(self, site: EventsSite, capsys: Said) -> None:
        welcome_the_ghost(site)

        assert site.run("relink", "--source", "pbsAcct", "--from", "2025-11-19") == 0
        assert ": 1 changed" in capsys.readouterr().out
        assert site.run("relink", "--to", "2025-11-18", "--json") == 0
        assert told(capsys)["seen"] == 0

    def test_links_that_are_lost_end_with_3(self, site: EventsSite, capsys: Said) -> None:
        text = site.directory.read_text(encoding="utf-8")
        everybody = text.replace("username: ", "username: gone-").replace("email: ", "email: gone-")
        site.directory.write_text(everybody, "utf-8")

        assert site.run("relink") == 3
        text = capsys.readouterr().out
        assert "... and 9 more events" in text
        assert "19 newly unresolved" in text

    def test_links_by_hand_are_kept(self, site: EventsSite, capsys: Said) -> None:
        event = sample_id("pbs", "4001.")
        assert site.run("link", event, "--no-user", *WHY) == 0
        capsys.readouterr()

        assert site.run("relink", "--json") == 0
        assert told(capsys)["manual"] == 1
        assert link_of(site, event, capsys)["user"] is None

    def test_without_a_directory_links_are_not_thrown_away(
        self, site: EventsSite, capsys: Said
    ) -> None:
        site.config.write_text(
            'site_timezone: Europe/Zurich\nevents: {database_url: "sqlite:///events.sqlite3"}\n',
            "utf-8",
        )

        assert site.run("relink") == 2
        assert "every link would be lost" in capsys.readouterr().err


class TestLink:
    def test_who_when_and_why_is_remembered(self, site: EventsSite, capsys: Said) -> None:
        event = sample_id("pbs", "4007.")
        words = ("--user", "ANOVAK", "--project", "Alpine climate")
        assert site.run("link", event, *words, *WHY) == 0
        capsys.readouterr()

        link = link_of(site, event, capsys)
        assert (link["user"], link["project"], link["allocation"]) == ("u1", "207", "a207-2025")
        assert link["correction"]["by"] == getpass.getuser()
        assert link["correction"]["reason"] == "ticket 4711"

    def test_an_allocation_can_be_named_or_taken_away(self, site: EventsSite, capsys: Said) -> None:
        event = sample_id("pbs", "4001.")
        assert site.run("link", event, "--allocation", "a207-cloud", *WHY, "--json") == 0
        assert told(capsys)["events"][0]["link"]["allocation"] == "a207-cloud"
        assert site.run("link", event, "--no-allocation", *WHY, "--json") == 0
        assert told(capsys)["events"][0]["link"]["allocation"] is None

    def test_a_rehearsal_shows_the_link_and_changes_nothing(
        self, site: EventsSite, capsys: Said
    ) -> None:
        event = sample_id("pbs", "4001.")
        assert site.run("link", event, "--no-project", *WHY, "--dry-run") == 0

        text = capsys.readouterr().out
        assert "(by hand)" in text
        assert text.endswith("Dry run: nothing was changed.\n")
        assert link_of(site, event, capsys)["project"] == "207"

    def test_a_link_by_hand_can_be_taken_back(self, site: EventsSite, capsys: Said) -> None:
        event = sample_id("pbs", "4001.")
        assert site.run("link", event, "--no-project", *WHY) == 0
        assert site.run("unlink", event, *WHY) == 0
        capsys.readouterr()

        link = link_of(site, event, capsys)
        assert (link["project"], link["is_manual"]) == ("207", False)

    def test_what_is_not_by_hand_cannot_be_taken_back(self, site: EventsSite, capsys: Said) -> None:
        event = sample_id("pbs", "4001.")
        before = link_of(site, event, capsys)

        assert site.run("unlink", event, *WHY) == 0
        assert capsys.readouterr().out == f"{event} has no link by hand; nothing was changed.\n"
        assert site.run("unlink", event, *WHY, "--json") == 0
        assert told(capsys)["events"][0]["link"] == before
        assert site.run("unlink", event, "--reason", " ") == 2

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["--project", "nowhere", *WHY], "not in the directory"),
            (["--user", "", *WHY], "empty"),
            ([*WHY], "Nothing is to be changed"),
            (["--user", "u1", "--no-user", *WHY], "exclude each other"),
            (["--user", "u1", "--reason", " "], "is blank"),
            (["--user", "u1"], "reason"),
        ],
    )
    def test_what_cannot_be_done_is_refused(
        self, site: EventsSite, capsys: Said, words: list[str], why: str
    ) -> None:
        event = sample_id("pbs", "4001.")

        assert site.run("link", event, *words) == 2
        assert why in capsys.readouterr().err
        assert not link_of(site, event, capsys)["is_manual"]

    def test_an_event_that_nobody_knows_is_told(self, site: EventsSite) -> None:
        unknown = "5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c"

        assert site.run("link", unknown, "--no-user", *WHY) == 2
        assert site.run("unlink", unknown, *WHY) == 2
