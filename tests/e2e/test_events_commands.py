"""`cscs events` as operators run it: processes over databases that a server has filled."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from tests.e2e.cli_process import Finished, environment
from tests.e2e.event_tables import EventTables, Row, key_of, read_tables
from tests.e2e.events_check import check_events, check_links, check_sums, number_of
from tests.e2e.events_client import Acknowledged, collector
from tests.e2e.events_made import PROJECTS, make_batches, newest, write_directory
from tests.e2e.events_server import EventsSite, empty_site, postgresql_site, sqlite_site
from tests.e2e.export_process import COMMAND
from tests.e2e.postgres_cluster import shared_cluster
from tests.e2e.usage_site import finished

BATCHES = make_batches(Random(0), count=60, size=20)
"""More events than `relink` takes at once."""
INTERRUPTED = 130
LATE = f"p{PROJECTS - 1}"
LATE_NAME = f"project-{PROJECTS - 1}"
"""The project that the directory gains later, and what events call it."""


@pytest.fixture
def site(tmp_path: Path) -> EventsSite:
    """A site on SQLite that has all events."""
    made = sqlite_site(tmp_path)
    made.file.write_bytes(filled_once())
    return made


@cache
def filled_once() -> bytes:
    """The file of a store that has all events."""
    with tempfile.TemporaryDirectory() as name:
        site = sqlite_site(Path(name))
        fill(site)
        return site.file.read_bytes()


def fill(site: EventsSite) -> list[Acknowledged]:
    """Let a server of the site take all batches in."""
    with site.server() as server, collector(server, Random(0)) as sender:
        sender.send_all(BATCHES)
        assert server.stop() in {0, -signal.SIGTERM}
        assert "Traceback" not in server.log
        return sender.acknowledged


def told(site: EventsSite, *arguments: str | Path) -> Any:
    """What `cscs events … --json` says."""
    return json.loads(site.done(*arguments, "--json"))


def refused(site: EventsSite, *arguments: str | Path) -> str:
    """What `cscs events` says that it does not do."""
    done = site.run(*arguments)
    assert done.code == 2, done
    assert "Traceback" not in done.err
    return done.err


def check(site: EventsSite) -> None:
    """The store has all events, their links and their sums."""
    read_sums(site)
    tables = read_tables(site.url)
    check_events(tables, newest(BATCHES))
    check_links(tables, newest(BATCHES))
    check_sums(tables)


def read_sums(site: EventsSite) -> None:
    """Read some sums, which sees to it that all of them are right."""
    site.done("summary", "--scope", "project", "--id", "p0")


def rows_of(tables: EventTables) -> tuple[list[Row], list[Row]]:
    """Events and links in an order of their own, without the times of their rows."""
    times = ("received_at", "created_at", "updated_at", "resolved_at", "corrected_at", "erased_at")

    def plain(rows: Sequence[Row]) -> list[Row]:
        kept = [{name: row[name] for name in row if name not in times} for row in rows]
        return sorted(kept, key=lambda row: str(key_of(row)))

    return plain(tables.events), plain(tables.links)


# --- the store as a whole


def test_a_store_is_made_and_says_what_it_is(tmp_path: Path) -> None:
    with shared_cluster() as cluster, cluster.database() as url:
        site = empty_site(tmp_path, url)
        before = site.run("status")
        site.done("init")
        after = site.run("status")

    assert before.code != 0
    assert "cscs events init" in before.out + before.err
    assert after.code == 0
    assert "cscs events init" not in after.out + after.err


def test_a_step_back_and_forth_keeps_events_and_links(site: EventsSite) -> None:
    before = rows_of(read_tables(site.url))
    site.done("downgrade", "--steps", "2", "--yes")
    site.done("upgrade")

    assert rows_of(read_tables(site.url)) == before
    check(site)


def test_a_backup_moves_a_store_to_the_other_kind_of_database_and_back(
    site: EventsSite, tmp_path: Path
) -> None:
    site.done("backup", tmp_path / "one")
    with postgresql_site(tmp_path) as middle:
        middle.done("restore", tmp_path / "one")
        moved = rows_of(read_tables(middle.url))
        middle.done("backup", tmp_path / "two")
    folder = tmp_path / "back"
    folder.mkdir()
    back = sqlite_site(folder)
    (tmp_path / "cut").write_bytes((tmp_path / "two").read_bytes()[:-100])
    cut_off = refused(back, "restore", tmp_path / "cut")
    still_empty = read_tables(back.url)
    back.done("restore", tmp_path / "two")
    refused(back, "restore", tmp_path / "two")

    assert "cut" in cut_off
    assert (still_empty.events, still_empty.links) == ([], [])
    assert rows_of(read_tables(site.url)) == moved == rows_of(read_tables(back.url))
    check(back)


# --- links


def test_a_project_that_is_known_later_is_linked_by_making_links_again(tmp_path: Path) -> None:
    """That is interrupted when it waits for a link in the middle, and completed by the next run."""
    with postgresql_site(tmp_path) as site:
        write_directory(site.directory, projects=PROJECTS - 1)
        fill(site)
        missing = missing_projects(site)
        before = rows_of(read_tables(site.url))
        write_directory(site.directory)
        site.done("relink", "--only-unresolved", "--dry-run")
        dry = rows_of(read_tables(site.url))
        done = interrupted(site, "relink")
        some = late_links(site)
        site.done("relink", "--only-unresolved")

        assert before == dry
        assert done.code == INTERRUPTED
        assert "Traceback" not in done.err
        assert 0 < len(some) < len(late_links(site))
        assert missing - missing_projects(site) == {LATE_NAME}
        check(site)


def missing_projects(site: EventsSite) -> set[str]:
    """Names of projects that nobody knows."""
    groups = told(site, "unresolved", "--missing", "project")["groups"]
    return {group["project"] for group in groups}


def interrupted(site: EventsSite, *arguments: str) -> Finished:
    """Run `cscs events`, press Ctrl-C while it waits for a link, then let it have that."""
    with subprocess.Popen(
        [*COMMAND, "events", *arguments],
        env=environment(site.variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            with holding_a_link(site) as is_waiting:
                while process.poll() is None and not is_waiting():
                    pass
                process.send_signal(signal.SIGINT)
            return finished(process)
        finally:
            process.kill()


@contextmanager
def holding_a_link(site: EventsSite) -> Iterator[Callable[[], bool]]:
    """Let whoever changes one link in the middle wait; yield what says whether one does."""
    late = sorted(
        (link["time_window_start"], link["event_id"])
        for link in read_tables(site.url).links
        if link["sought_project"] == LATE_NAME
    )
    (_, middle) = late[len(late) // 2]
    with closing(psycopg.connect(site.url)) as holder:
        lock = "SELECT 1 FROM resource_usage_event_links WHERE event_id = %s FOR UPDATE"
        holder.execute(lock, [middle])
        with closing(psycopg.connect(site.url, autocommit=True)) as observer:
            yield lambda: is_waiting(observer)


def is_waiting(connection: psycopg.Connection) -> bool:
    """Whether somebody waits for a row or a table."""
    row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row is not None and row[0] > 0


def late_links(site: EventsSite) -> list[Row]:
    """Links to the project that was not known at first."""
    return [link for link in read_tables(site.url).links if link["project_id"] == LATE]


def test_a_link_by_hand_stays_until_it_is_taken_back(site: EventsSite) -> None:
    before = read_tables(site.url)
    event = an_unlinked_event(before)
    name = str(event["event_id"])
    reason = ("--reason", "said so")
    unknown = refused(site, "link", name, "--project", "nowhere", *reason)
    unchanged = rows_of(read_tables(site.url))
    site.done("link", name, "--project", LATE, "--user", "user1", *reason)
    site.done("relink")
    read_sums(site)
    tables = read_tables(site.url)
    site.done("unlink", name, "--reason", "a mistake")

    link = tables.link_of(event)
    assert "nowhere" in unknown
    assert unchanged == rows_of(before)
    assert (link["user_id"], link["project_id"]) == ("u1", LATE)
    assert link["allocation_id"] == f"a{PROJECTS - 1}"
    assert link["correction_reason"] == "said so"
    check_sums(tables)
    check(site)


def an_unlinked_event(tables: EventTables) -> Row:
    """One without any project."""
    missing = {key_of(link) for link in tables.links if link["project_id"] is None}
    return next(event for event in tables.events if key_of(event) in missing)


# --- people


def test_a_person_is_exported_and_erased_for_good_and_totals_stay(
    site: EventsSite, tmp_path: Path
) -> None:
    """The same batches, sent once more, do not bring the person back."""
    read_sums(site)
    before = read_tables(site.url)
    theirs = {number_of(event) for event in before.events if is_of(event, "user1")}
    out = tmp_path / "theirs.ndjson"
    site.done("export", "--user", "u1", "--output", out)
    refused(site, "erase", "--user", "u1")
    unchanged = rows_of(read_tables(site.url))
    site.done("erase", "--user", "u1", "--yes")
    erased = rows_of(read_tables(site.url))
    acknowledged = fill(site)
    read_sums(site)
    after = read_tables(site.url)

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {int(line["extra"]["number"]) for line in lines} == theirs
    assert out.stat().st_mode & 0o077 == 0
    assert unchanged == rows_of(before)
    assert sum(each.answer["stored"] for each in acknowledged) == 0
    assert rows_of(after) == erased
    assert {key_of(event) for event in after.events} == {key_of(event) for event in before.events}
    assert not [event for event in after.events if is_of(event, "user1")]
    assert "u1" not in {link["user_id"] for link in after.links}
    assert totals(after) == totals(before)
    check_sums(after)


def is_of(event: Row, username: str) -> bool:
    """Whether a person is named in an event."""
    return username in json.dumps([event["identities"], event["context"]]).lower()


def totals(tables: EventTables) -> dict[str, int]:
    """Processor time by project."""
    found: dict[str, int] = {}
    for row in tables.summaries:
        found[row["project_id"]] = found.get(row["project_id"], 0) + row["cpu_seconds"]
    return found
