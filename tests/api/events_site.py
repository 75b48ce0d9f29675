"""The HTTP application over usage events in memory: store, directory and clock are the test's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import httpx

from cscs_api.app import create_app
from cscs_bootstrap.collector_keys import CollectorKeys
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings import AdapterChoice, AdapterKind, Adapters, Auth, Settings
from cscs_domain.callers import Caller
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.event import DEFAULT_SOURCES
from cscs_fakes.clock import FixedClock
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.token_verifier import FakeTokenVerifier
from cscs_fakes.usage_event_store import FakeUsageEventStore
from cscs_files.directory import FileDirectory
from tests.events_site import NOW, ZURICH

Json = dict[str, Any]

DATA: Final = Path(__file__).parents[1] / "data" / "events"
SAMPLE: Final[Json] = json.loads((DATA / "usage_events_batch.json").read_text("utf-8"))
EVENTS: Final[list[Json]] = SAMPLE["events"]
INVALID: Final[list[Json]] = json.loads((DATA / "usage_events_invalid.json").read_text("utf-8"))[
    "cases"
]

PATH: Final = "/collector/resource-usage"
KEY: Final = "the-key-of-pbs1-0123456789"
OTHER_KEY: Final = "the-key-of-brno1-9876543210"
KEYS: Final = CollectorKeys((("pbs1", Secret(KEY)), ("brno1", Secret(OTHER_KEY))))

_FAKES: Final = Adapters(
    events=AdapterChoice(kind=AdapterKind.FAKE), directory=AdapterChoice(kind=AdapterKind.FAKE)
)
OPEN: Final = Settings(auth=Auth(disable_auth=True), site_timezone="Europe/Zurich", adapters=_FAKES)
GUARDED: Final = attrs.evolve(OPEN, auth=Auth(operator_role="operator"))
CALLERS: Final = {
    "operator": Caller(subject="op", username="olga", roles=frozenset({"operator"})),
    "anovak": Caller(subject="7f1c2a90e4b54d0c@idp.example.org", username="anovak"),
    "stranger": Caller(subject="nobody", username="mallory"),
}


def changed(event: Json, **changes: object) -> Json:
    """An event with other members, each given by name; metrics by `metric_` and theirs."""
    metrics = {
        name.removeprefix("metric_"): value
        for name, value in changes.items()
        if name.startswith("metric_")
    }
    plain = {name: value for name, value in changes.items() if not name.startswith("metric_")}
    return {**event, "metrics": {**event["metrics"], **metrics}, **plain}


def batch(events: Sequence[object], **more: object) -> bytes:
    """The body of a batch."""
    return json.dumps({"events": events, **more}).encode()


@attrs.define(eq=False)
class EventsSite:
    """A running application and everything behind it."""

    store: FakeUsageEventStore
    directory: FakeDirectory
    clock: FixedClock
    service: EventsService
    client: httpx.AsyncClient

    async def send(
        self, body: bytes, query: str = "", *, key: str | None = KEY, **headers: str
    ) -> httpx.Response:
        """Send a batch; names of headers with `_` for `-`."""
        given = {"content-type": "application/json"}
        if key is not None:
            given["x-zeus-collector-key"] = key
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(PATH + query, content=body, headers=given)

    async def send_sample(self) -> None:
        """Have the events of the sample stored."""
        assert (await self.send(batch(EVENTS))).status_code == 201

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Read something below /usage, as the caller of a token."""
        return await self.client.get(f"/usage/{path}", headers=_headers(token, headers))

    async def answer(self, path: str, token: str | None = None) -> Json:
        """The body of a good answer."""
        response = await self.get(path, token)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    async def change(
        self, method: str, path: str, body: object = None, token: str | None = None
    ) -> httpx.Response:
        """Correct a link."""
        return await self.client.request(
            method,
            f"/usage/{path}",
            content=None if body is None else json.dumps(body),
            headers=_headers(token, {"content-type": "application/json"}),
        )


def _headers(token: str | None, more: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return named if token is None else {"authorization": f"Bearer {token}", **named}


async def sample_directory() -> KnownDirectory:
    """Those whom the events of the sample are about."""
    known, problems = await FileDirectory(DATA / "directory.yaml").read()
    assert not problems
    return known


@asynccontextmanager
async def events_site(
    *,
    settings: Settings = OPEN,
    keys: CollectorKeys = KEYS,
    most_body_bytes: int = 10_485_760,
    most_events: int = 10_000,
) -> AsyncIterator[EventsSite]:
    """Run an application, without a network. With `GUARDED` settings tokens are as in CALLERS."""
    store = FakeUsageEventStore(ZURICH)
    directory, clock = FakeDirectory(await sample_directory()), FixedClock(NOW)
    service = EventsService(
        store=store,
        directory=directory,
        clock=clock,
        zone=ZURICH,
        sources=DEFAULT_SOURCES,
        most_events=most_events,
        most_body_bytes=most_body_bytes,
        collector_keys=keys,
    )
    app = create_app(settings, verifier=FakeTokenVerifier(CALLERS), events=service)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield EventsSite(store, directory, clock, service, client)
