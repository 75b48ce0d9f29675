"""/readyz about usage events: whether the store can be used, what is configured, no secrets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from cscs_api.app import create_app
from cscs_api.health_events import events_state
from cscs_domain.errors import OutdatedStoreError, StoreUnavailableError, UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.api.events_site import KEY, OPEN, EventsSite, Json, events_site
from tests.api.site import DOWN, SETTINGS, resource, site_of
from tests.events_site import ZURICH


async def readiness(site: EventsSite) -> tuple[int, str, Json]:
    """Status, word and what is said about events."""
    response = await site.client.get("/readyz")
    body = response.json()
    return response.status_code, body["status"], body["configured"]["events"]


async def test_ready_tells_what_is_configured_and_no_key() -> None:
    async with events_site() as site:
        status, word, events = await readiness(site)
        text = (await site.client.get("/readyz")).text

    assert (status, word) == (200, "ready")
    assert events == {
        "adapters": {"events": "fake", "directory": "fake"},
        "sources": ["pbs", "pbsAcct", "openstack", "slurm", "dwdi"],
        "collectors": 2,
        "failure": None,
    }
    assert KEY not in text


async def test_a_store_that_is_away_is_failing_without_its_address() -> None:
    async with events_site() as site:
        site.store.fail_with(StoreUnavailableError("the event store", "db.example:5432 refused"))
        status, word, events = await readiness(site)
        site.store.fail_with(None)
        later, _, _ = await readiness(site)

    assert (status, word, later) == (503, "failing", 200)
    assert events["failure"] == "the event store cannot be reached"


@pytest.mark.parametrize(("retryable", "what"), [(True, "cannot be reached"), (False, "mended")])
async def test_a_directory_that_cannot_be_read_is_failing_without_its_place(
    retryable: bool, what: str
) -> None:
    async with events_site() as site:
        error = UpstreamServiceError("the directory", "/srv/x.yaml is no YAML", retryable)
        site.directory.fail_with(error)
        status, word, events = await readiness(site)
        site.directory.recover()
        later, _, _ = await readiness(site)

    assert (status, word, later) == (503, "failing", 200)
    assert events["failure"].startswith("the directory ")
    assert what in events["failure"]
    assert "/srv" not in events["failure"]


async def test_a_directory_that_takes_too_long_is_failing() -> None:
    class Silent(FakeDirectory):
        async def find(self, query: DirectoryQuery) -> KnownDirectory:
            await asyncio.Event().wait()
            return await super().find(query)

    async with events_site() as site:
        site.service.directory = Silent()
        word, details = await events_state(OPEN, site.service, patience=timedelta(0))

    assert (word, details["failure"]) == ("failing", "the directory takes too long to answer")


async def test_tables_of_another_version_are_failing_with_the_command_that_mends_it() -> None:
    async with events_site() as site:
        site.store.fail_with(OutdatedStoreError("the tables are of 0001", "cscs events upgrade"))
        status, word, events = await readiness(site)

    assert (status, word) == (503, "failing")
    assert "cscs events upgrade" in events["failure"]


async def test_a_store_that_takes_too_long_is_failing() -> None:
    class Silent(FakeUsageEventStore):
        async def check(self) -> None:
            await asyncio.Event().wait()

    async with events_site() as site:
        site.service.store = Silent(ZURICH)
        word, details = await events_state(OPEN, site.service, patience=timedelta(0))

    assert word == "failing"
    assert "too long" in str(details["failure"])


async def test_the_worst_part_decides() -> None:
    async with events_site() as events, site_of([resource()], settings=SETTINGS) as storage:
        storage.waldur.fail_with(DOWN)
        await storage.get()
        app = create_app(SETTINGS, storage=storage.service, events=events.service)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            response = await client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (503, "failing")
    assert set(response.json()["configured"]) == {"storage", "events"}
