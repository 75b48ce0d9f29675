"""`cscs events show`, `list`, `unresolved` and `summary` over the events of the samples."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from cscs_domain.events.event_ids import event_id_of
from tests.unit.cli.events_site import EventsSite, filled_site, sample_events, sample_id

Said: TypeAlias = pytest.CaptureFixture[str]

DAY = ("--from", "2025-11-19", "--to", "2025-11-19")


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


class TestShow:
    def test_an_event_is_told_with_its_link_and_why(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("show", sample_id("pbs", "4001.")) == 0

        lines = capsys.readouterr().out.splitlines()
        assert "cpu_time_seconds         648000" in lines
        assert "  user                   u1 (perun_username)" in lines
        assert "  project                207 (slug_match)" in lines
        assert "  allocation             a207-2025 (project_allocation_latest)" in lines

    def test_what_was_sought_in_vain_is_told(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("show", sample_id("pbs", "4007.")) == 0

        text = capsys.readouterr().out
        assert "unresolved: " in text
        assert "perun_username ghost01" in text

    def test_json_has_everything(self, site: EventsSite, capsys: Said) -> None:
        wanted = sample_id("openstack", "web-1")
        assert site.run("show", wanted.hex, "--json") == 0

        (event,) = told(capsys)["events"]
        assert event["event_id"] == str(wanted)
        assert event["link"]["allocation_match"] == "openstack_allocation_request"

    def test_an_id_in_two_windows_is_told_twice(self, site: EventsSite, capsys: Said) -> None:
        (event,) = [e for e in sample_events() if event_id_of(e) == sample_id("pbs", "4001.")]
        day = timedelta(days=1)
        start, end = event.time_window_start + day, event.time_window_end + day
        site.take_in([attrs.evolve(event, time_window_start=start, time_window_end=end)])

        assert site.run("show", sample_id("pbs", "4001.")) == 0
        assert len(capsys.readouterr().out.split("\n\n")) == 2

    def test_an_unknown_event_is_told(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("show", "5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c") == 2
        assert "no usage event" in capsys.readouterr().err
        assert site.run("show", "4007") == 2


class TestList:
    def test_a_table_has_a_line_an_event(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("list", *DAY) == 0

        head, *lines = capsys.readouterr().out.splitlines()
        assert head.split() == ["event", "begins", "source", "cpu-hours", "user", "project", "link"]
        assert len(lines) == len(sample_events())

    def test_a_table_that_is_cut_says_so(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("list", "--limit", "5") == 0
        assert "... and more" in capsys.readouterr().out
        assert site.run("list", "--limit", "22") == 0
        assert "... and more" not in capsys.readouterr().out

    def test_filters_all_hold(self, site: EventsSite, capsys: Said) -> None:
        assert (
            site.run("list", "--source", "pbs", "--project", "207", "--user", "u1", "--json") == 0
        )

        found = told(capsys)
        assert {event["source"] for event in found["events"]} == {"pbs"}
        assert len(found["events"]) == 2
        assert not found["has_more"]

    def test_nothing_found_is_told(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("list", "--from", "2025-11-20") == 0

        assert "No such events." in capsys.readouterr().out

    @pytest.mark.parametrize("limit", [None, 3])
    def test_csv_and_lines_of_json_have_all(
        self, site: EventsSite, capsys: Said, limit: int | None
    ) -> None:
        bound = [] if limit is None else ["--limit", str(limit)]
        assert site.run("list", "--ndjson", *bound) == 0
        lines = capsys.readouterr().out.splitlines()
        assert site.run("list", "--csv", *bound) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

        expected = len(sample_events()) if limit is None else limit
        assert len(lines) == len(rows) == expected
        assert [json.loads(line)["event_id"] for line in lines] == [row["event_id"] for row in rows]

    @pytest.mark.parametrize(
        "words",
        [
            ["--csv", "--json"],
            ["--csv", "--ndjson"],
            ["--limit", "0"],
            ["--user", ""],
            ["--from", "2025-11-20", "--to", "2025-11-19"],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, site: EventsSite, words: list[str]) -> None:
        assert site.run("list", *words) == 2


class TestUnresolved:
    def test_groups_come_with_the_most_time_first(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("unresolved") == 0

        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:3] for line in lines[1:3]] == [
            ["1.5000", "1", "pbs"],
            ["0.2500", "1", "pbsAcct"],
        ]
        assert lines[-1] == "2 groups of 2 events."

    def test_json_has_the_identity(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("unresolved", "--source", "pbsAcct", "--json") == 0

        (group,) = told(capsys)["groups"]
        assert group["identity"]["value"] == "ghost01"
        assert group["gaps"] == ["unknown_user"]

    def test_what_is_missing_can_be_chosen(self, site: EventsSite, capsys: Said) -> None:
        assert site.run("unresolved", "--missing", "project", "--limit", "1") == 0

        assert "There may be more" in capsys.readouterr().out
        assert site.run("unresolved", "--from", "2025-11-20") == 0
        assert "Nothing is missing." in capsys.readouterr().out


class TestSummary:
    def summary(self, site: EventsSite, *words: str) -> int:
        return site.run("summary", "--scope", "project", "--id", "207", *words)

    def test_json_has_series_totals_and_grants(self, site: EventsSite, capsys: Said) -> None:
        assert self.summary(site, *DAY, "--json") == 0

        found = told(capsys)
        seconds = 648000 + 3552 + 20400 + 334241 + 4160 + 900 + 129600 + 552960
        assert found["totals"]["cpu_seconds"] == seconds
        assert [point["name"] for point in found["series"]] == ["2025-11-19"]
        grants = {grant["allocation"]: grant for grant in found["grants"]}
        assert grants["a207-2025"]["units"]["cpu_hours"]["granted"] == 500000

    def test_a_table_has_totals_and_what_is_left(self, site: EventsSite, capsys: Said) -> None:
        assert self.summary(site, "--from", "2025-11-18", "--to", "2025-11-20") == 0

        series, grants = capsys.readouterr().out.split("\n\n")
        lines = series.splitlines()
        assert lines[0] == "project 207, Alpine climate: 2025-11-18 to 2025-11-20"
        assert [line.split()[0] for line in lines[1:]] == [
            *("day", "2025-11-18", "2025-11-19", "2025-11-20"),
            "total",
        ]
        assert "a207-2025" in grants
        assert grants.splitlines()[0].split()[:2] == ["allocation", "status"]

    def test_allocations_without_a_grant_are_listed_as_in_json(
        self, site: EventsSite, capsys: Said
    ) -> None:
        without = site.directory.read_text(encoding="utf-8").replace("granted:", "remark:")
        site.directory.write_text(without, encoding="utf-8")

        assert self.summary(site, *DAY, "--json") == 0
        names = [grant["allocation"] for grant in told(capsys)["grants"]]
        assert self.summary(site, *DAY) == 0
        _, grants = capsys.readouterr().out.split("\n\n")
        rows = [line.split() for line in grants.splitlines()[1:]]
        assert [row[0] for row in rows] == names
        assert {tuple(row[-5:]) for row in rows} == {("-",) * 5}

    def test_without_allocations_nothing_follows_the_series(
        self, site: EventsSite, capsys: Said
    ) -> None:
        assert site.run("summary", "--scope", "user", "--id", "u1", *DAY) == 0

        assert "\n\n" not in capsys.readouterr().out

    def test_csv_has_a_record_a_bucket(self, site: EventsSite, capsys: Said) -> None:
        words = ("--from", "2025-10-01", "--to", "2025-11-30", "--granularity", "month", "--csv")
        assert self.summary(site, *words) == 0

        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [row["name"] for row in rows] == ["2025-10", "2025-11"]
        assert [row["events"] for row in rows] == ["0", "8"]

    @pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
    def test_an_id_that_nobody_knows_is_told_beside_the_sums(
        self, site: EventsSite, capsys: Said, form: tuple[str, ...]
    ) -> None:
        assert site.run("summary", "--scope", "user", "--id", "gone", *DAY, *form) == 0

        out, err = capsys.readouterr()
        assert "The directory has no user with the id 'gone'" in err
        assert "directory" not in out
        assert self.summary(site, *form) == 0
        assert not capsys.readouterr().err

    def test_by_default_it_is_the_current_month(self, site: EventsSite, capsys: Said) -> None:
        assert self.summary(site, "--source", "pbs", "--json") == 0

        found = told(capsys)
        assert found["from"].endswith("-01")
        assert found["source"] == "pbs"

    @pytest.mark.parametrize(
        "words",
        [
            ["--csv", "--json"],
            ["--from", "2010-01-01", "--to", "2025-01-01"],
            ["--granularity", "year"],
            ["--id", ""],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, site: EventsSite, words: list[str]) -> None:
        assert self.summary(site, *words) == 2
