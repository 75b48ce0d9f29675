"""Every adapter that reports usage to Waldur. A new one joins by a line in the lists."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

import attrs
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import WaldurUsage
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedUsage
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.server import EmulatorServer
from cscs_fakes.emulators.waldur import (
    AGENT_TOKEN,
    STAFF_TOKEN,
    Mode,
    SiteFacts,
    WaldurEmulator,
)
from cscs_fakes.emulators.waldur.offerings import component_of
from cscs_fakes.waldur_rows import make_rows
from cscs_fakes.waldur_usage import FakeWaldurUsage
from cscs_http.connection import Connection
from cscs_http.credentials import WaldurToken
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.waldur_usage import HttpWaldurUsage

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER: Final = Month(2026, 11)
OCTOBER: Final = Month(2026, 10)
DAINT: Final = UUID("c8756bbe-95ca-5f60-9d5d-150eb0609d03")
EIGER: Final = UUID("eeeeeeee-95ca-5f60-9d5d-150eb0609d03")
EMPTY: Final = UUID("dddddddd-95ca-5f60-9d5d-150eb0609d03")
"""An offering that nobody has a resource of."""
SLUGS: Final = {"daint": DAINT, "eiger": EIGER, "empty": EMPTY}
COMPONENTS: Final = {"nodeHours": "usage", "storage": "limit"}
ACCOUNTS: Final = ("anna", "bob")
"""Usernames that Waldur knows, at every offering."""
CUSTOMER: Final = UUID(int=77)


def resource(number: int, offering: UUID = DAINT, **changes: Any) -> MeteredResource:
    """The resource of an account such as `g001`, as an adapter should tell of it."""
    made = MeteredResource(
        uuid=UUID(int=number),
        backend_id=f"g{number:03}",
        offering=offering,
        name=f"Group {number}",
        cluster=_slug_of(offering),
        components=frozenset(COMPONENTS),
    )
    return attrs.evolve(made, **changes)


def _slug_of(offering: UUID) -> str:
    return next(slug for slug, uuid in SLUGS.items() if uuid == offering)


G1: Final = resource(1)
G2: Final = resource(2)
ERRED: Final = resource(3, state=ResourceState.ERRED, state_text="Erred")
CREATING: Final = resource(4, state=ResourceState.CREATING, state_text="Creating", backend_id="")
GONE: Final = resource(5, state=ResourceState.TERMINATED, state_text="Terminated")
ELSEWHERE: Final = resource(6, EIGER)
USUAL: Final = (G1, G2, ERRED, CREATING, GONE, ELSEWHERE)


class Desk(Protocol):
    """An adapter with somebody on the other side who looks."""

    @property
    def usage(self) -> WaldurUsage:
        """The adapter."""

    @property
    def tells_clusters(self) -> bool:
        """Whether the server tells the backend ids of offerings."""

    def record(self, resource: UUID, month: Month) -> RecordedUsage:
        """What Waldur has."""

    def linked(self, resource: UUID, month: Month) -> frozenset[str]:
        """Users of node hours whose rows are linked to an account."""

    def open_invoice(self, resource: UUID, month: Month) -> None:
        """Let a past month be open still."""


class FakeDesk:
    """Usage in memory."""

    tells_clusters = True

    def __init__(self, usage: FakeWaldurUsage) -> None:
        self.usage = usage

    def record(self, resource: UUID, month: Month) -> RecordedUsage:
        return self.usage.record(resource, month)

    def linked(self, resource: UUID, month: Month) -> frozenset[str]:
        return self.usage.linked(resource, month, "nodeHours")

    def open_invoice(self, resource: UUID, month: Month) -> None:
        self.usage.open_months.add((resource, month))


class HttpDesk:
    """Usage on an emulated server, over a real socket."""

    def __init__(self, server: UsageServer, usage: HttpWaldurUsage) -> None:
        self.usage = usage
        self.server = server
        self.tells_clusters = server.emulator.mode is Mode.V8_1

    def record(self, resource: UUID, month: Month) -> RecordedUsage:
        totals: dict[str, Decimal] = {}
        for row in self.totals(resource, month):
            totals[row["type"]] = totals.get(row["type"], Decimal(0)) + Decimal(row["usage"])
        users: dict[str, dict[str, Decimal]] = {}
        for row in self._user_rows(resource, month):
            of_component = users.setdefault(row["component_type"], {})
            had = of_component.get(row["username"], Decimal(0))
            of_component[row["username"]] = had + Decimal(row["usage"])
        return RecordedUsage(totals=totals, users=users)

    def totals(self, resource: UUID, month: Month) -> list[dict[str, Any]]:
        """Every record of the month."""
        return self._rows("marketplace-component-usages", resource, billing_period=month)

    def linked(self, resource: UUID, month: Month) -> frozenset[str]:
        rows = self._user_rows(resource, month)
        urls = {row["username"]: row["user"] for row in rows}
        known = f"{self.server.url}/api/marketplace-offering-users/"
        assert all(url is None or url.startswith(known) for url in urls.values())
        return frozenset(name for name, url in urls.items() if url is not None)

    def open_invoice(self, resource: UUID, month: Month) -> None:
        del resource  # all are of one customer
        self.server.emulator.open_invoice(CUSTOMER.hex, str(month))

    def _user_rows(self, resource: UUID, month: Month) -> list[dict[str, Any]]:
        name = "marketplace-component-user-usages"
        return self._rows(name, resource, component_usage__billing_period=month)

    def _rows(self, name: str, resource: UUID, **filters: Month) -> list[dict[str, Any]]:
        query = {key: f"{month}-01" for key, month in filters.items()}
        answer = self.server.client.get(
            f"{self.server.url}/api/{name}/",
            params={"resource_uuid": resource.hex, "page_size": "300", **query},
            headers={"authorization": f"Token {STAFF_TOKEN}"},
        )
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        assert int(answer.headers["x-result-count"]) <= 300
        return rows


# --- servers


class UsageServer:
    """A socket behind which there is a new Waldur whenever a test wants one.

    Its time is `now`, which begins at `NOW`.
    """

    def __init__(self) -> None:
        self.url = ""
        self.now = NOW
        self.emulator = WaldurEmulator()
        self.client = httpx.Client(trust_env=False, verify=False)

    def hold(self, mode: Mode, resources: Sequence[MeteredResource]) -> None:
        """Start with these resources and no usage."""
        self.now = NOW
        self.emulator = WaldurEmulator(
            mode=mode, rows=map(row_of, resources), clock=lambda: self.now, facts=_facts(mode)
        )

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.emulator.app(scope, receive, send)


@contextmanager
def usage_server() -> Iterator[UsageServer]:
    """One server for many tests, in a thread."""
    made = UsageServer()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, made.client:
        made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = EmulatorServer(made.app, let_go=lambda: None)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield made
        finally:
            server.stop()
            thread.join(60)
            assert not thread.is_alive(), "the emulator does not end"


def row_of(resource: MeteredResource) -> dict[str, object]:
    """A whole row of version 8.1."""
    plan, slug = UUID(int=resource.offering.int + 1).hex, resource.cluster
    return {
        **_TEMPLATE,
        "uuid": resource.uuid.hex,
        "url": f"https://waldur.example.com/api/marketplace-resources/{resource.uuid.hex}/",
        "name": resource.name,
        "slug": f"r{resource.uuid.int}",
        "state": resource.state_text,
        "backend_id": resource.backend_id,
        "offering_uuid": resource.offering.hex,
        "offering_slug": slug,
        "offering_backend_id": slug,
        "offering_name": slug,
        "customer_uuid": CUSTOMER.hex,
        "plan_uuid": plan,
        "limits": {},
        "order_in_progress": None,
        "creation_order": None,
        "created": f"2026-01-01T00:00:00.{resource.uuid.int % 10**6:06}Z",
    }


_TEMPLATE: Final = next(iter(make_rows(1)))


def _facts(mode: Mode) -> SiteFacts:
    return SiteFacts(
        offerings=[_offering_row(slug, uuid) for slug, uuid in SLUGS.items()],
        offering_users=[
            _account_row(name, uuid, mode) for uuid in SLUGS.values() for name in ACCOUNTS
        ],
    )


def _offering_row(slug: str, uuid: UUID) -> dict[str, object]:
    return {
        "url": f"https://waldur.example.com/api/marketplace-provider-offerings/{uuid.hex}/",
        "uuid": uuid.hex,
        "slug": slug,
        "name": slug,
        "components": [component_of(uuid.hex, name, how) for name, how in COMPONENTS.items()],
    }


def _account_row(name: str, offering: UUID, mode: Mode) -> dict[str, object]:
    uuid = UUID(int=offering.int ^ hash_of(name)).hex
    row: dict[str, object] = {
        "url": f"https://waldur.example.com/api/marketplace-offering-users/{uuid}/",
        "uuid": uuid,
        "username": name,
        "user_username": f"{name}@example.org",
        "offering_uuid": offering.hex,
    }
    return row if mode is Mode.V5_8 else {**row, "state": "OK"}


def hash_of(name: str) -> int:
    """A number for a name, the same in every run."""
    return int.from_bytes(name.encode())


# --- adapters

Opened: TypeAlias = Callable[
    [UsageServer, Sequence[MeteredResource], bool], AbstractAsyncContextManager[Desk]
]


@attrs.frozen
class UsageAdapter:
    """How to open an adapter for some resources, with the token of staff or of a provider."""

    name: str
    opened: Opened
    broken: Callable[[], AbstractAsyncContextManager[WaldurUsage]]


def _fake(keeps_dates: bool) -> Opened:
    @asynccontextmanager
    async def opened(
        _server: UsageServer, resources: Sequence[MeteredResource], is_staff: bool
    ) -> AsyncIterator[Desk]:
        fake = FakeWaldurUsage(
            resources,
            clock=FixedClock(NOW),
            keeps_dates=keeps_dates,
            is_staff=is_staff,
            accounts=ACCOUNTS,
            slugs=SLUGS,
        )
        yield FakeDesk(fake)

    return opened


def _http(mode: Mode) -> Opened:
    @asynccontextmanager
    async def opened(
        server: UsageServer, resources: Sequence[MeteredResource], is_staff: bool
    ) -> AsyncIterator[Desk]:
        server.hold(mode, resources)
        token = STAFF_TOKEN if is_staff else AGENT_TOKEN
        async with http_usage(f"{server.url}/api/", token) as usage:
            yield HttpDesk(server, usage)

    return opened


@asynccontextmanager
async def http_usage(url: str, token: str = STAFF_TOKEN) -> AsyncIterator[HttpWaldurUsage]:
    """The adapter for the API at this URL; it does not wait between tries."""
    connection = Connection(service="Waldur", url=url, verify_tls=False)
    retries = Retries(attempts=2, first_wait=0, longest_wait=0, jitter=0)
    service = Service(connection, credentials=WaldurToken(lambda: token), retries=retries)
    try:
        yield HttpWaldurUsage(service)
    finally:
        await service.close()


@asynccontextmanager
async def _failing_fake() -> AsyncIterator[WaldurUsage]:
    fake = FakeWaldurUsage(USUAL, clock=FixedClock(NOW))
    fake.fail_with(UpstreamServiceError("Waldur", "is down"))
    yield fake


@asynccontextmanager
async def _http_without_a_server() -> AsyncIterator[WaldurUsage]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with http_usage(f"http://127.0.0.1:{port}/api/") as usage:
        yield usage


FAKE: Final = UsageAdapter("fake", _fake(keeps_dates=True), _failing_fake)
OLD_FAKE: Final = UsageAdapter("fake without dates", _fake(keeps_dates=False), _failing_fake)
HTTP: Final = UsageAdapter("HTTP 8.1", _http(Mode.V8_1), _http_without_a_server)
OLD_HTTP: Final = UsageAdapter("HTTP 5.8", _http(Mode.V5_8), _http_without_a_server)

EVERY_ADAPTER: Final = [FAKE, OLD_FAKE, HTTP, OLD_HTTP]
CURRENT: Final = [FAKE, HTTP]
"""Those whose server keeps dates."""
OLD: Final = [OLD_FAKE, OLD_HTTP]


def those(adapters: Sequence[UsageAdapter]) -> pytest.MarkDecorator:
    """Only with these adapters."""
    return pytest.mark.parametrize("adapter", adapters, ids=lambda adapter: adapter.name)
