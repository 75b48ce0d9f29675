"""`cscs events` as operators run it: processes over databases that a server has filled."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from tests.e2e.cli_process import environment
from tests.e2e.event_tables import EventTables, Row, key_of, read_tables
from tests.e2e.events_check import check_events, check_links, check_sums, number_of
from tests.e2e.events_client import collector
from tests.e2e.events_made import PROJECTS, Batch, make_batches, newest, write_directory
from tests.e2e.events_server import EventsSite, empty_site, postgresql_site, sqlite_site, sqlite_url
from tests.e2e.export_process import COMMAND
from tests.e2e.postgres_cluster import PostgresCluster, shared_cluster
from tests.e2e.usage_site import finished

BATCHES = make_batches(Random(0), count=60, size=20)
"""More events than `relink` takes at once."""
INTERRUPTED = 130
LATE = f"p{PROJECTS - 1}"
"""The project that the directory gains later."""


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with shared_cluster() as cluster:
        yield cluster


@pytest.fixture
def site(tmp_path: Path) -> EventsSite:
    """A site on SQLite that has all events."""
    made = sqlite_site(tmp_path)
    fill(made)
    return made


def fill(site: EventsSite) -> None:
    """Let a server of the site take all batches in."""
    with site.server() as server, collector(server.url, Random(0)) as sender:
        sender.send_all(BATCHES)
        assert server.stop() in {0, -signal.SIGTERM}
        assert "Traceback" not in server.log


def told(site: EventsSite, *arguments: str | Path) -> Any:
    """What `cscs events … --json` says."""
    return json.loads(site.done(*arguments, "--json"))


def check(site: EventsSite) -> None:
    """The store has all events, their links and their sums."""
    site.done("summary", "--scope", "project", "--id", "p0")
    tables = read_tables(site.url)
    check_events(tables, newest(BATCHES))
    check_links(tables, newest(BATCHES))
    check_sums(tables)


def rows_of(tables: EventTables) -> tuple[list[Row], list[Row]]:
    """Events and links in an order of their own, without the times of their rows."""
    times = ("received_at", "created_at", "updated_at", "resolved_at", "corrected_at", "erased_at")

    def plain(rows: Any) -> list[Row]:
        kept = [{name: row[name] for name in row if name not in times} for row in rows]
        return sorted(kept, key=lambda row: str(key_of(row)))

    return plain(tables.events), plain(tables.links)


# --- the store as a whole


def test_a_store_is_made_once_and_says_what_it_is(tmp_path: Path, cluster: PostgresCluster) -> None:
    with cluster.database() as url:
        for address in (url, sqlite_url(tmp_path)):
            site = empty_site(tmp_path, address)
            before = site.run("status")
            site.done("init")
            site.done("init")
            after = site.run("status")

            assert before.code != 0
            assert "cscs events init" in before.out + before.err
            assert after.code == 0
            assert "cscs events init" not in after.out + after.err


def test_a_step_back_and_forth_keeps_events_and_links(site: EventsSite) -> None:
    before = rows_of(read_tables(site.url))
    warned = site.run("downgrade", "--steps", "2")
    unchanged = rows_of(read_tables(site.url))
    site.done("downgrade", "--steps", "2", "--yes")
    site.done("upgrade")
    after = rows_of(read_tables(site.url))

    assert warned.code == 2
    assert "--yes" in warned.err
    assert before == unchanged == after
    check(site)


def test_a_backup_moves_a_store_to_the_other_kind_of_database_and_back(
    site: EventsSite, tmp_path: Path
) -> None:
    site.done("backup", tmp_path / "one.gz")
    with postgresql_site(tmp_path) as middle:
        middle.done("restore", tmp_path / "one.gz")
        check(middle)
        moved = rows_of(read_tables(middle.url))
        middle.done("backup", tmp_path / "two.gz")
        again = middle.run("restore", tmp_path / "one.gz")
    folder = tmp_path / "back"
    folder.mkdir()
    back = sqlite_site(folder)
    back.done("restore", tmp_path / "two.gz")

    assert again.code == 2, "a store that is not empty takes no backup in"
    assert rows_of(read_tables(site.url)) == moved == rows_of(read_tables(back.url))
    check(back)


def test_a_backup_that_is_cut_off_is_refused_as_a_whole(site: EventsSite, tmp_path: Path) -> None:
    site.done("backup", tmp_path / "whole.gz")
    whole = (tmp_path / "whole.gz").read_bytes()
    folder = tmp_path / "other"
    folder.mkdir()
    other = sqlite_site(folder)
    for length in (len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.gz").write_bytes(whole[:length])
        done = other.run("restore", tmp_path / "cut.gz")

        assert done.code == 2
        assert "cut.gz" in done.err
        assert "Traceback" not in done.err
        assert not read_tables(other.url).events


# --- links


def test_a_project_that_is_known_later_is_linked_by_another_run(tmp_path: Path) -> None:
    site = sqlite_site(tmp_path)
    write_directory(site.directory, projects=PROJECTS - 1)
    fill(site)
    groups = told(site, "unresolved", "--missing", "project")["groups"]
    missing = {group["project"] for group in groups}
    before = rows_of(read_tables(site.url))
    write_directory(site.directory)
    site.done("relink", "--only-unresolved", "--dry-run")
    dry = rows_of(read_tables(site.url))
    site.done("relink", "--only-unresolved")
    groups = told(site, "unresolved", "--missing", "project")["groups"]

    late = f"project-{PROJECTS - 1}"
    assert before == dry
    assert late in missing
    assert missing - {group["project"] for group in groups} == {late}
    check(site)


def test_making_links_again_can_be_interrupted_and_is_completed_by_the_next_run(
    tmp_path: Path,
) -> None:
    """It is interrupted when it waits for the last event's link, with others already mended."""
    with postgresql_site(tmp_path) as site:
        url = site.url
        write_directory(site.directory, projects=PROJECTS - 1)
        fill(site)
        write_directory(site.directory)
        with closing(psycopg.connect(url)) as other:
            last = other.execute(
                "SELECT event_id, time_window_start FROM resource_usage_event_links"
                " WHERE sought_project = %s ORDER BY time_window_start DESC, event_id DESC LIMIT 1"
                " FOR UPDATE",
                [f"project-{PROJECTS - 1}"],
            ).fetchone()
            assert last is not None
            done = interrupted(site, url)
        some = late_links(url)
        site.done("relink")

        assert done == INTERRUPTED
        assert 0 < len(some) < len(late_links(url))
        check(site)


def interrupted(site: EventsSite, url: str) -> int:
    """Run `relink`, press Ctrl-C when it waits for a row, and say how it ended."""
    with subprocess.Popen(
        [*COMMAND, "events", "relink"],
        env=environment(site.variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            while process.poll() is None and not is_waiting(url):
                pass
            process.send_signal(signal.SIGINT)
            done = finished(process)
        finally:
            process.kill()
    assert "Traceback" not in done.err
    return done.code


def is_waiting(url: str) -> bool:
    """Whether somebody waits for a row or a table."""
    with closing(psycopg.connect(url)) as connection:
        row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row is not None and row[0] > 0


def late_links(url: str) -> list[Row]:
    """Links to the project that was not known at first."""
    return [link for link in read_tables(url).links if link["project_id"] == LATE]


def test_a_link_by_hand_stays_until_it_is_taken_back(site: EventsSite) -> None:
    event = an_unlinked_event(read_tables(site.url))
    name = str(event["event_id"])
    site.done("link", name, "--project", LATE, "--user", "user1", "--reason", "said so")
    by_hand = link_now(site, event)
    shown = told(site, "show", name)
    site.done("relink")
    kept = link_now(site, event)
    site.done("summary", "--scope", "project", "--id", LATE)
    check_sums(read_tables(site.url))
    site.done("unlink", name, "--reason", "a mistake")

    assert (by_hand["user_id"], by_hand["project_id"]) == ("u1", LATE)
    assert by_hand["allocation_id"] == f"a{PROJECTS - 1}"
    assert by_hand["correction_reason"] == "said so"
    assert "said so" in json.dumps(shown)
    assert kept["project_id"] == LATE
    check(site)


def an_unlinked_event(tables: EventTables) -> Row:
    """One without any project."""
    missing = {key_of(link) for link in tables.links if link["project_id"] is None}
    return next(event for event in tables.events if key_of(event) in missing)


def link_now(site: EventsSite, event: Row) -> Row:
    """Its link as it is now."""
    return read_tables(site.url).link_of(event)


def test_what_cannot_be_linked_to_is_refused_and_changes_nothing(site: EventsSite) -> None:
    event = an_unlinked_event(read_tables(site.url))
    before = rows_of(read_tables(site.url))
    done = site.run("link", str(event["event_id"]), "--project", "nowhere", "--reason", "why not")

    assert done.code == 2
    assert "nowhere" in done.err
    assert rows_of(read_tables(site.url)) == before


# --- people


def test_a_persons_events_are_exported_and_erased_and_totals_stay(
    site: EventsSite, tmp_path: Path
) -> None:
    site.done("summary", "--scope", "project", "--id", "p0")
    before = read_tables(site.url)
    theirs = {number_of(event) for event in before.events if is_of(event, "user1")}
    out = tmp_path / "theirs.ndjson"
    site.done("export", "--user", "u1", "--output", out)
    asked = site.run("erase", "--user", "u1")
    unchanged = rows_of(read_tables(site.url))
    site.done("erase", "--user", "u1", "--yes")
    site.done("summary", "--scope", "project", "--id", "p0")
    after = read_tables(site.url)

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {int(number_in(line)) for line in lines} == theirs
    assert out.stat().st_mode & 0o077 == 0
    assert asked.code == 2
    assert unchanged == rows_of(before)
    assert len(after.events) == len(before.events)
    assert not [event for event in after.events if is_of(event, "user1")]
    assert "u1" not in {link["user_id"] for link in after.links}
    assert totals(after) == totals(before)
    check_sums(after)


def is_of(event: Row, username: str) -> bool:
    """Whether a person is named in an event."""
    return username in json.dumps([event["identities"], event["context"]]).lower()


def number_in(line: Any) -> int:
    """The number of an exported event, wherever the event is in its line."""
    found: int = line.get("event", line)["extra"]["number"]
    return found


def totals(tables: EventTables) -> dict[str, int]:
    """Processor time by project."""
    found: dict[str, int] = {}
    for row in tables.summaries:
        found[row["project_id"]] = found.get(row["project_id"], 0) + row["cpu_seconds"]
    return found


def test_an_erased_person_does_not_come_back_with_the_same_batches(site: EventsSite) -> None:
    site.done("erase", "--user", "u1", "--yes")
    before = rows_of(read_tables(site.url))
    fill(site)

    assert rows_of(read_tables(site.url)) == before


def test_batches_of_a_collector_that_begins_again_change_nothing(site: EventsSite) -> None:
    before = rows_of(read_tables(site.url))
    everything: list[Batch] = [*reversed(BATCHES)]
    with site.server() as server, collector(server.url, Random(1)) as sender:
        sender.send_all(everything)

    assert sum(each.answer["stored"] for each in sender.acknowledged) == 0
    assert rows_of(read_tables(site.url)) == before
