"""A store that was given other tables or another zone under the running server: 503, and no path.

Nothing but a command of the operator helps, and that is in the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import attrs
import httpx
import pytest
from structlog.testing import capture_logs

from cscs_api.app import create_app
from cscs_domain.errors import OutdatedStoreError
from cscs_sql.administration import downgrade, initialise, rebuild
from cscs_sql.database_urls import async_engine
from cscs_sql.usage_event_store import SqlUsageEventStore
from tests.api.events_site import EVENTS, KEY, OPEN, PATH, EventsSite, batch, events_site
from tests.events_site import NOW, ZURICH

OUTDATED: Final = OutdatedStoreError("there is no file /srv/events.sqlite3", "cscs events init")
ID: Final = "87686734-0fc6-56c5-b36e-b0e4d13556cc"
READS: Final = (
    "/usage/events",
    f"/usage/events/{ID}",
    f"/usage/events/{ID}/link",
    "/usage/unresolved",
    "/usage/summary?scope=user&id=u-1",
)
HEADERS: Final = {"content-type": "application/json", "x-zeus-collector-key": KEY}


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    async with events_site() as site:
        yield site


def assert_told(response: httpx.Response, log: str) -> None:
    """503 that names no path, and a log line with the remedy."""
    assert response.status_code == 503, response.text
    assert response.headers["retry-after"] == "5"
    assert "the event store must be mended first" in response.text
    assert "sqlite" not in response.text
    assert "run: cscs events" in log


async def test_collectors_are_asked_to_keep_their_batch(site: EventsSite) -> None:
    site.store.fail_with(OUTDATED)
    with capture_logs() as lines:
        response = await site.send(batch(EVENTS))

    assert_told(response, lines[-1]["reason"])
    assert response.json()["error"] == "Service Unavailable"
    assert response.json()["statusCode"] == 503

    site.store.fail_with(None)
    assert (await site.send(batch(EVENTS))).status_code == 201


@pytest.mark.parametrize("path", READS)
async def test_readers_are_told_to_come_again(site: EventsSite, path: str) -> None:
    site.store.fail_with(OUTDATED)
    with capture_logs() as lines:
        response = await site.client.get(path)

    assert_told(response, lines[-1]["reason"])
    assert response.json()["error"] == "OutdatedStoreError"


async def test_a_correction_is_not_taken(site: EventsSite) -> None:
    site.store.fail_with(OUTDATED)
    with capture_logs() as lines:
        response = await site.change("PUT", f"events/{ID}/link", {"user": None, "reason": "wrong"})

    assert_told(response, lines[-1]["reason"])


@asynccontextmanager
async def on_sql(site: EventsSite, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same application over a database."""
    store = SqlUsageEventStore(async_engine(url), zone=ZURICH)
    app = create_app(OPEN, events=attrs.evolve(site.service, store=store))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client
    finally:
        await store.close()


async def test_a_server_goes_on_when_its_store_is_mended(site: EventsSite, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    initialise(url, zone=ZURICH, now=NOW)
    async with on_sql(site, url) as client:
        rebuild(url, ZoneInfo("UTC"))
        with capture_logs() as lines:
            of_zone = await client.post(PATH, content=batch(EVENTS), headers=HEADERS)
        assert_told(of_zone, lines[-1]["reason"])
        rebuild(url, ZURICH)
        assert (await client.post(PATH, content=batch(EVENTS), headers=HEADERS)).status_code == 201

        downgrade(url, "base")
        with capture_logs() as lines:
            of_tables = await client.get("/usage/events")
            of_sums = await client.get("/usage/summary?scope=user&id=u-1")
        assert_told(of_tables, lines[0]["reason"])
        assert_told(of_sums, lines[-1]["reason"])


async def test_readiness_says_what_to_run_and_no_path(site: EventsSite) -> None:
    site.store.fail_with(OUTDATED)
    response = await site.client.get("/readyz")

    assert response.status_code == 503
    assert "the event store must be mended first; run: cscs events init" in response.text
    assert "/srv" not in response.text
