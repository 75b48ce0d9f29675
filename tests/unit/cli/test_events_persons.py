"""`cscs events export` and `erase`: what a person may ask for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from cscs_cli.events_erase_output import erasure_lines, erasure_wire
from cscs_domain.events.erase_person import ErasureReport
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.further_identities import MOST_FURTHER
from tests.events_site import NOW, an_event, mail
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


def leave(site: EventsSite, user: str) -> None:
    """Take a user out of the directory."""
    known = yaml.safe_load(site.directory.read_text(encoding="utf-8"))
    known["users"] = [one for one in known["users"] if str(one["id"]) != user]
    site.directory.write_text(yaml.safe_dump(known), encoding="utf-8")


def take_in_ghost(site: EventsSite) -> None:
    """An event of a person whom the directory does not know by two names, and one by the other."""
    address = mail("ghost@old.example.org")
    name = EventIdentity("perun_username", "ghost01")
    site.take_in(
        [an_event(identities=[name, address]), an_event(identities=[address], source="slurm")]
    )


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

    def test_who_has_left_the_directory_is_found_by_the_id_of_links(
        self, site: EventsSite, capsys: Said
    ) -> None:
        leave(site, "u1")
        file = site.folder / "u1.ndjson"
        assert site.run("export", "--user", "u1", "--output", file, "--json") == 0

        said = capsys.readouterr()
        wire = json.loads(said.out)
        assert (wire["events"], wire["in_directory"]) == (8, False)
        assert "The directory has no user 'u1'." in said.err
        assert "--identity" in said.err

    def test_other_identities_on_the_events_are_told_of(
        self, site: EventsSite, capsys: Said
    ) -> None:
        take_in_ghost(site)
        words = ["export", "--identity", " GHOST01 ", "--output"]
        assert site.run(*words, site.folder / "ghost.ndjson") == 0
        text = capsys.readouterr().out
        assert site.run(*words, site.folder / "again.ndjson", "--json") == 0

        address = {"scheme": "user_email", "value": "ghost@old.example.org", "authority": None}
        assert told(capsys)["further_identities"] == [address]
        assert "  user_email ghost@old.example.org\n" in text
        assert "run it again with --identity" in text

    def test_a_file_that_is_there_is_not_replaced(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("export", "--user", "u1", "--output", site.config) == 2
        assert "is there already" in capsys.readouterr().err
        assert "database_url" in site.config.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        "words",
        [[], ["--identity", ""], ["--identity", " "], ["--user", " "]],
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

    def test_who_has_left_the_directory_is_erased_by_the_id_of_links(
        self, site: EventsSite, capsys: Said
    ) -> None:
        leave(site, "u1")
        assert site.run("erase", "--user", "u1", "--yes", "--json") == 0

        said = capsys.readouterr()
        report = json.loads(said.out)
        assert (report["events"], report["in_directory"], report["sums"]) == (8, False, 0)
        assert report["further_identities"]
        assert "The directory has no user 'u1'." in said.err

    def test_other_identities_on_the_events_are_told_of(
        self, site: EventsSite, capsys: Said
    ) -> None:
        """Nothing is looked for by itself: an event may name several people."""
        take_in_ghost(site)
        assert site.run("erase", "--identity", "ghost01", "--yes") == 0

        text = capsys.readouterr().out
        assert "erased from 3 events" in text
        assert "Other identities are on these events:\n  user_email ghost@old.example.org\n" in text
        assert "run it again with --identity" in text
        assert site.run("list", "--ndjson") == 0
        assert "ghost@old.example.org" in capsys.readouterr().out

    def test_a_rehearsal_counts_and_erases_nothing(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("erase", "--identity", "ghost01", "--dry-run") == 0

        text = capsys.readouterr().out
        assert "would be erased from 2 events" in text
        assert site.run("list", "--ndjson") == 0
        assert "ghost01" in capsys.readouterr().out

    @pytest.mark.parametrize("words", [["--user", "u1"], ["--yes"]])
    def test_nothing_is_erased_unasked(
        self, site: EventsSite, capsys: Said, words: list[str]
    ) -> None:
        assert site.run("erase", *words) == 2
        assert site.run("list", "--ndjson") == 0
        assert names_in(capsys.readouterr().out) == set(ANOVAK)


class TestReport:
    def test_what_is_left_and_what_was_summed_is_told(self) -> None:
        report = ErasureReport(events=2, left=1, first=NOW, last=NOW, sums=1)

        text = "\n".join(erasure_lines(report, dry_run=False))

        assert "is erased from 2 events" in text
        assert "gone from 1 daily sum whose events are gone" in text
        assert "run it again for them" in text
        wire = erasure_wire(report, dry_run=False)
        assert (wire["left"], wire["sums"], wire["further_identities"]) == (1, 1, [])

    def test_an_end_of_the_list_is_no_end_of_the_identities(self) -> None:
        many = tuple(mail(f"m{number}@x") for number in range(MOST_FURTHER))

        few, all_ = (
            "\n".join(erasure_lines(ErasureReport(further_identities=some), dry_run=False))
            for some in (many[1:], many)
        )

        assert "no more than" not in few
        assert f"no more than {MOST_FURTHER} are listed" in all_
