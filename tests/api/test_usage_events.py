"""GET /usage/events: pages, filters, forms."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_api.usage_cursor import LENGTH, cursor_of, key_of
from cscs_api.usage_formats import COLUMNS, as_csv, csv_titles
from cscs_domain.errors import StoreUnavailableError
from cscs_domain.events.bounds import EARLIEST, LATEST
from cscs_domain.events.links import Link
from cscs_domain.events.stored import EventFilter, EventKey, StoredEvent
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.api.events_site import EVENTS, EventsSite, Json, batch, changed, events_site
from tests.events_site import ZURICH, an_event, linked


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    """A site with the events of the sample."""
    async with events_site() as made:
        await made.send_sample()
        yield made


def ids(events: list[Json]) -> list[str]:
    return [event["event_id"] for event in events]


async def walk(site: EventsSite, query: str) -> list[Json]:
    """All pages of a listing."""
    found: list[Json] = []
    path: str | None = f"events?{query}"
    while path is not None:
        page = await site.answer(path)
        found += page["events"]
        path = page["next"] and page["next"].removeprefix("/usage/")
    return found


async def test_an_event_is_shown_as_it_was_sent_with_its_id_and_link(site: EventsSite) -> None:
    (event,) = (await site.answer(f"events/{EVENTS[0]['extra']['event_id']}"))["events"]

    assert event.items() >= EVENTS[0].items()
    assert event["event_id"] == EVENTS[0]["extra"]["event_id"]
    assert event["link"].items() >= {"user": "u1", "project": "207", "state": "resolved"}.items()
    assert (event["revision"], event["is_erased"]) == (1, False)


@pytest.mark.parametrize("limit", [1, 5, 21, 22, 23, 1000])
async def test_pages_make_up_the_list(site: EventsSite, limit: int) -> None:
    walked = await walk(site, f"limit={limit}")

    assert sorted(ids(walked)) == sorted(event["extra"]["event_id"] for event in EVENTS)
    assert [event["time_window_start"] for event in walked] == sorted(
        event["time_window_start"] for event in walked
    )


async def test_the_next_page_keeps_the_filter_and_is_in_a_header_too(site: EventsSite) -> None:
    response = await site.get("events?source=pbs&limit=2")
    page = response.json()

    assert page["next"].startswith("/usage/events?source=pbs&limit=2&cursor=")
    assert response.headers["link"] == f'<{page["next"]}>; rel="next"'
    assert len(await walk(site, "source=pbs&limit=2")) == 9


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("source=pbs", 9),
        ("source=slurm", 0),
        ("source=pbs&user=u1", 2),
        ("from=2025-11-19&to=2025-11-19", 22),
        ("from=2025-11-20", 0),
        ("to=2025-11-18", 0),
        ("from=2025-11-18T23:00:00Z", 22),
        ("from=2025-11-19T00:00:00%2B01:00", 22),
        ("from=2025-11-19T00:00:00+01:00", 22),
        ("to=2025-11-18T23:00:00Z", 0),
        ("to=2025-11-18T23:00:01Z", 22),
    ],
)
async def test_filters(site: EventsSite, query: str, count: int) -> None:
    assert len((await site.answer(f"events?{query}"))["events"]) == count


async def test_filters_by_link(site: EventsSite) -> None:
    everything = await walk(site, "")
    for name in ("user", "project", "allocation"):
        for wanted in {event["link"][name] for event in everything} - {None}:
            found = await walk(site, f"{name}={quote(wanted)}")
            assert found == [event for event in everything if event["link"][name] == wanted]
    unresolved = await walk(site, "state=unresolved")
    assert unresolved == [event for event in everything if event["link"]["state"] != "resolved"]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=x", "limit=", "cursor=x", "cursor=", "state=resolved"),
        *("from=2025-13-01", "to=1999-12-31", "from=2025-11-19T00:00:00", "user=", "user=%00"),
        *("from=2025-11-19T10:00Z&to=2025-11-19T10:00Z", "cursor=" + "é" * 32),
        *("cursor=" + "_" * 32, "cursor=" + "A" * 32, "source=" + "x" * 256, "&" * 200 + "a=1"),
    ],
)
async def test_mistakes_are_422(site: EventsSite, query: str) -> None:
    response = await site.get("events?" + ("a=1&" * 101 if query.startswith("&") else query))

    assert response.status_code == 422
    assert len(response.json()["detail"]) == 1


MOMENTS = st.datetimes(
    EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(UTC)
).filter(LATEST.__gt__)


@given(MOMENTS, st.uuids())
def test_a_cursor_keeps_a_key_exactly(start: datetime, event_id: UUID) -> None:
    key = EventKey(start, event_id)
    cursor = cursor_of(key)

    assert key_of(cursor) == key
    assert len(cursor) == LENGTH
    assert quote(cursor, safe="") == cursor.replace("=", "%3D")


@given(
    st.text(max_size=40)
    | st.binary(min_size=24, max_size=24).map(urlsafe_b64encode).map(bytes.decode)
)
def test_any_text_is_a_cursor_or_none(text: str) -> None:
    key = key_of(text)

    assert key is None or cursor_of(key) == text


ACCEPTED = [
    ("application/json", "application/json"),
    ("*/*", "application/json"),
    ("application/*", "application/json"),
    ("text/html, */*;q=0.1", "application/json"),
    ("text/csv", "text/csv; charset=utf-8"),
    ("text/*", "text/csv; charset=utf-8"),
    ("application/x-ndjson", "application/x-ndjson"),
    ("application/json;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
    ("application/json;q=0, */*", "application/x-ndjson"),
    ("TEXT/CSV", "text/csv; charset=utf-8"),
    ("text/csv;q=nonsense", "text/csv; charset=utf-8"),
    (" ", "application/json"),
]


@pytest.mark.parametrize(("accept", "kind"), ACCEPTED)
async def test_the_form_is_that_of_accept(site: EventsSite, accept: str, kind: str) -> None:
    response = await site.get("events", accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == kind
    assert response.headers["vary"] == "accept"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "text/csv;q=0", "nonsense"])
async def test_other_forms_are_406(site: EventsSite, accept: str) -> None:
    response = await site.get("events", accept=accept)

    assert response.status_code == 406
    assert response.json()["error"] == "NotAcceptable"
    assert "text/csv" in response.json()["detail"]


async def test_lines_have_every_event_in_the_order_of_the_list(site: EventsSite) -> None:
    response = await site.get("events?source=openstack", accept="application/x-ndjson")
    lines = [json.loads(line) for line in response.text.splitlines()]

    assert lines == await walk(site, "source=openstack")


async def test_csv_has_titles_and_a_line_an_event(site: EventsSite) -> None:
    response = await site.get("events", accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    events = await walk(site, "")

    assert list(rows[0]) == list(COLUMNS)
    assert [row["event_id"] for row in rows] == ids(events)
    assert [row["cpu_time_seconds"] for row in rows] == [
        str(event["metrics"]["cpu_time_seconds"]) for event in events
    ]
    assert [json.loads(row["context"]) for row in rows] == [event["context"] for event in events]
    assert [row["link_gaps"].split() for row in rows] == [event["link"]["gaps"] for event in events]


@pytest.mark.parametrize("blanks", ["", " ", "\u3000", "\xa0 ", "\ufeff"])
@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20A"]
)
async def test_no_cell_is_a_formula(site: EventsSite, text: str, blanks: str) -> None:
    await site.send(batch([changed(EVENTS[0], schema_version=blanks + text, extra=None)]))
    response = await site.get("events", accept="text/csv")
    rows = csv.DictReader(io.StringIO(response.text, newline=""))

    assert "'" + blanks + text in {row["schema_version"] for row in rows}


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "\n=1"])
def test_blanks_that_some_spreadsheet_drops_do_not_begin_a_cell(text: str) -> None:
    event = linked(an_event(), link=Link(user=text))
    stored = StoredEvent(event_id=event.event_id, event=event.event, link=event.link)
    (row,) = csv.DictReader(io.StringIO((csv_titles() + as_csv([stored])).decode(), newline=""))

    assert row["link_user"] == "'" + text


async def test_text_is_quoted_so_that_other_separators_do_not_split_it(site: EventsSite) -> None:
    await site.send(batch([changed(EVENTS[0], project_slug="a;=1+1", extra=None)]))
    text = (await site.get("events", accept="text/csv")).text
    titles, first, *_ = text.split("\r\n")

    assert '"a;=1+1"' in text
    assert titles == ",".join(f'"{name}"' for name in COLUMNS)
    assert re.fullmatch(r'(?:(?:"(?:[^"]|"")*"|[0-9]+),?)+', first)


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson"])
async def test_whole_lists_are_written_page_by_page(site: EventsSite, accept: str) -> None:
    many = [changed(EVENTS[0], extra={"event_id": f"{number:032x}"}) for number in range(1200)]
    assert (await site.send(batch(many))).status_code == 201
    response = await site.get("events", accept=accept)
    titles = accept == "text/csv"

    assert len(response.text.splitlines()) == 1222 + titles
    assert "link" not in response.headers


async def test_with_a_limit_they_are_pages_too(site: EventsSite) -> None:
    response = await site.get("events?limit=3", accept="application/x-ndjson")

    assert len(response.text.splitlines()) == 3
    assert 'rel="next"' in response.headers["link"]


async def test_a_head_of_a_whole_list_reads_one_page(site: EventsSite) -> None:
    reads: list[int] = []

    class Counted(FakeUsageEventStore):
        async def page(
            self, wanted: EventFilter, *, after: EventKey | None = None, limit: int
        ) -> Sequence[StoredEvent]:
            reads.append(limit)
            return await super().page(wanted, after=after, limit=limit)

    many = [changed(EVENTS[0], extra={"event_id": f"{number:032x}"}) for number in range(600)]
    await site.send(batch(many))
    site.service.store = Counted(ZURICH, site.store.book)
    response = await site.client.head("/usage/events", headers={"accept": "text/csv"})

    assert (response.status_code, response.content) == (200, b"")
    assert reads == [500]


async def test_a_store_that_is_away_is_503_before_a_list_begins(site: EventsSite) -> None:
    site.store.fail_with(StoreUnavailableError("the event store", "refused at db.example:5432"))
    for path in ("events", "events/" + "0" * 32, "unresolved", "summary?scope=project&id=1"):
        for accept in ("application/json", "text/csv, */*;q=0.1"):
            response = await site.get(path, accept=accept)
            assert response.status_code == 503
            assert response.headers["retry-after"] == "5"
            assert "db.example" not in response.text


@pytest.mark.parametrize("event_id", ["0" * 32, "x", "1", "é", "0" * 33])
async def test_an_unknown_id_is_404(site: EventsSite, event_id: str) -> None:
    for path in (f"events/{event_id}", f"events/{event_id}/link"):
        response = await site.get(path)
        assert response.status_code == 404
        assert response.json()["error"] == "NotFound"


async def test_ids_are_found_in_both_forms(site: EventsSite) -> None:
    event_id = EVENTS[3]["extra"]["event_id"]

    assert await site.answer(f"events/{event_id}") == await site.answer(
        f"events/{event_id.replace('-', '')}"
    )
