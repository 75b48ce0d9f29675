"""Whether a store has what collectors sent: each event once, with its link, in the right sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.e2e.event_tables import (
    AMOUNTS,
    EventTables,
    Row,
    Sums,
    key_of,
    read_tables,
    summaries_of,
    sums_of_rows,
)
from tests.e2e.events_made import PROJECTS, ZONE, Batch, Made, newest
from tests.e2e.events_server import EventsServer

_RANGE: Final = {"from": "2025-10-20", "to": "2025-11-10"}


def check_store(server: EventsServer, batches: Sequence[Batch]) -> None:
    """The store has the newest of each event of these batches, and nothing else."""
    answers = {f"p{number}": summary(server, f"p{number}") for number in range(PROJECTS)}
    tables = read_tables(server.site.url)
    check_events(tables, newest(batches))
    check_links(tables, newest(batches))
    check_sums(tables)
    for project, answer in answers.items():
        assert answer == _sums_of_project(tables, project), project


def check_events(tables: EventTables, wanted: Mapping[int, Made]) -> None:
    """Every event is there once, as it was collected last."""
    numbers = Counter(number_of(row) for row in tables.events)
    assert numbers == Counter(list(wanted))
    for row in tables.events:
        made = wanted[number_of(row)]
        metrics = made.body["metrics"]
        assert {name: row[name] for name in metrics} == metrics
        assert row["collected_at"].isoformat() == made.body["collected_at"]


def check_links(tables: EventTables, wanted: Mapping[int, Made]) -> None:
    """Every event has one link, and there is no other."""
    links = {key_of(link): link for link in tables.links}
    assert len(links) == len(tables.links)
    assert links.keys() == {key_of(event) for event in tables.events}
    for event in tables.events:
        link, whose = links[key_of(event)], wanted[number_of(event)].whose
        found = (link["user_id"], link["project_id"], link["allocation_id"])
        assert found == (whose.user, whose.project, whose.allocation)
        assert (link["gaps"] == "") is (None not in found)


def check_sums(tables: EventTables) -> None:
    """After a read, summaries are what comes out of the events and their links."""
    assert not tables.touched_days
    assert summaries_of(tables) == sums_of_rows(tables, ZONE)


def number_of(event: Row) -> int:
    """The number that an event was made with."""
    return int(event["extra"]["number"])


# --- over HTTP


def summary(server: EventsServer, project: str) -> dict[str, Sums]:
    """What the server says of a project, by day, without days on which nothing was."""
    answer = server.get("/usage/summary", scope="project", id=project, granularity="day", **_RANGE)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    days = {str(each["from"]): _amounts(each) for each in body["series"]}
    return {day: sums for day, sums in days.items() if sums["events"]}


def _amounts(entry: Mapping[str, Any]) -> Sums:
    return {name: int(entry[name]) for name in AMOUNTS}


def _sums_of_project(tables: EventTables, project: str) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for (day, _source, _user, of, _allocation), sums in sums_of_rows(tables, ZONE).items():
        if of == project:
            so_far = found.get(str(day), dict.fromkeys(AMOUNTS, 0))
            found[str(day)] = {name: so_far[name] + sums[name] for name in AMOUNTS}
    return found
