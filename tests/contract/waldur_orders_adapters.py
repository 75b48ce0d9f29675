"""Every adapter that acts on Waldur's orders. A new one joins by a line in the lists."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final, Protocol, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.orders import Outcome
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.states import OrderType
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.site import EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from cscs_fakes.waldur_order_book import AGENT_DRIVEN, BASIC
from cscs_fakes.waldur_orders import FakeWaldurOrders
from cscs_files import OrderJournal
from cscs_http.connection import Connection
from cscs_http.credentials import WaldurToken
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.waldur_orders import HttpWaldurOrders
from tests.emulated import running_site

NUMBERS: Final = count(1)


@attrs.frozen
class Placed:
    """An order in pending-provider and the resource that it is about."""

    order: UUID
    resource: UUID


@attrs.frozen
class Seen:
    """What is to be seen of a resource from outside the adapter."""

    state: str
    backend_id: str
    options: object


class Desk(Protocol):
    """An adapter with somebody on the other side who orders and looks."""

    @property
    def orders(self) -> WaldurOrders:
        """The adapter."""

    def place(
        self, type_: OrderType = ..., *, basic: bool = ..., fails_with: str | None = ...
    ) -> Placed:
        """A new order in pending-provider; with `fails_with` Waldur cannot process it."""

    def seen(self, resource: UUID) -> Seen:
        """The resource as it is now."""


class FakeDesk:
    """Orders in memory."""

    def __init__(self) -> None:
        self.orders = FakeWaldurOrders()

    def place(
        self,
        type_: OrderType = OrderType.CREATE,
        *,
        basic: bool = False,
        fails_with: str | None = None,
    ) -> Placed:
        made = _new_ids()
        self.orders.add_order(
            made.order,
            resource=made.resource,
            type=type_,
            offering_type=BASIC if basic else AGENT_DRIVEN,
            fails_with=fails_with,
        )
        return made

    def seen(self, resource: UUID) -> Seen:
        found = self.orders.resources[resource]
        return Seen(found.state.value, found.backend_id, found.options)


class JournalDesk:
    """Nobody is on the other side of a journal; every order is one that it can be told of."""

    def __init__(self, folder: Path) -> None:
        clock = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))
        self.orders = OrderJournal(folder / "orders.jsonl", clock=clock)

    def place(
        self,
        type_: OrderType = OrderType.CREATE,
        *,
        basic: bool = False,
        fails_with: str | None = None,
    ) -> Placed:
        del type_, basic, fails_with
        return _new_ids()

    def seen(self, resource: UUID) -> Seen:
        raise NotImplementedError


class HttpDesk:
    """Orders on an emulated server, over a real socket."""

    def __init__(self, site: EmulatedSite, orders: HttpWaldurOrders) -> None:
        self.orders = orders
        self.waldur = site.waldur

    def place(
        self,
        type_: OrderType = OrderType.CREATE,
        *,
        basic: bool = False,
        fails_with: str | None = None,
    ) -> Placed:
        created = self._create(basic)
        resource = str(self.waldur.order(created)["marketplace_resource_uuid"])
        order = created if type_ is OrderType.CREATE else self._change(resource, type_)
        if fails_with is not None:
            self.waldur.fail_when_processed(order, fails_with)
        return Placed(UUID(order), UUID(resource))

    def seen(self, resource: UUID) -> Seen:
        found = self.waldur.resource(resource.hex)
        return Seen(str(found["state"]), str(found["backend_id"]), found["options"])

    def _create(self, basic: bool) -> str:
        return self.waldur.order_create(
            offering_slug="manual-share" if basic else "capstor",
            customer_slug="uni",
            project_slug="g207",
            limits={"storage": 2},
        )

    def _change(self, resource: str, type_: OrderType) -> str:
        """An order about a resource that has been in use for long."""
        in_use = {"state": "OK", "order_in_progress": None, "creation_order": None}
        self.waldur.replace_row({**self.waldur.resource(resource), **in_use})
        if type_ is OrderType.TERMINATE:
            return self.waldur.order_terminate(resource)
        return self.waldur.order_update(resource, limits={"storage": 4})


@asynccontextmanager
async def http_orders(url: str, token: str = AGENT_TOKEN) -> AsyncIterator[HttpWaldurOrders]:
    """The adapter for the API at this URL; it does not wait between tries."""
    connection = Connection(service="Waldur", url=url, verify_tls=False)
    retries = Retries(attempts=2, first_wait=0, longest_wait=0, jitter=0)
    service = Service(connection, credentials=WaldurToken(lambda: token), retries=retries)
    try:
        yield HttpWaldurOrders(service)
    finally:
        await service.close()


def _new_ids() -> Placed:
    number = next(NUMBERS)
    return Placed(UUID(int=2 * number), UUID(int=2 * number + 1))


class Sites:
    """Emulated sites of this run, one a mode, started when they are first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, EmulatedSite] = {}

    def running(self, mode: str) -> EmulatedSite:
        """The site of this mode."""
        if mode not in self._running:
            self._running[mode] = self._stack.enter_context(running_site(mode=mode, resources=60))
        return self._running[mode]

    def __enter__(self) -> Sites:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


Opened: TypeAlias = Callable[[Path, Sites], AbstractAsyncContextManager[Desk]]


@attrs.frozen
class OrdersAdapter:
    """How to open an adapter, in an empty folder of its own, and one that cannot answer.

    `first` is what it says to a call that it hears for the first time.
    """

    name: str
    opened: Opened
    broken: Callable[[Path], AbstractAsyncContextManager[WaldurOrders]]
    first: Outcome = Outcome.DONE


@asynccontextmanager
async def _fake(_folder: Path, _sites: Sites) -> AsyncIterator[Desk]:
    yield FakeDesk()


@asynccontextmanager
async def _failing_fake(_folder: Path) -> AsyncIterator[WaldurOrders]:
    fake = FakeWaldurOrders()
    fake.fail_with(UpstreamServiceError("Waldur", "is down"))
    yield fake


@asynccontextmanager
async def _journal(folder: Path, _sites: Sites) -> AsyncIterator[Desk]:
    yield JournalDesk(folder)


@asynccontextmanager
async def _journal_in_a_file_of_others(folder: Path) -> AsyncIterator[WaldurOrders]:
    (folder / "orders.jsonl").write_text("waldur_api:\n", encoding="utf-8")
    yield JournalDesk(folder).orders


def _http(mode: str) -> Opened:
    @asynccontextmanager
    async def opened(_folder: Path, sites: Sites) -> AsyncIterator[Desk]:
        site = sites.running(mode)
        async with http_orders(f"{site.url}/api/") as orders:
            yield HttpDesk(site, orders)

    return opened


@asynccontextmanager
async def _http_without_a_server(_folder: Path) -> AsyncIterator[WaldurOrders]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with http_orders(f"http://127.0.0.1:{port}/api/") as orders:
        yield orders


FAKE: Final = OrdersAdapter("fake", _fake, _failing_fake)
JOURNAL: Final = OrdersAdapter(
    "journal", _journal, _journal_in_a_file_of_others, first=Outcome.RECORDED
)

HTTP: Final = OrdersAdapter("HTTP 8.1", _http("8.1"), _http_without_a_server)
OLD_HTTP: Final = OrdersAdapter("HTTP 5.8", _http("5.8"), _http_without_a_server)

EVERY_ADAPTER: Final = [FAKE, JOURNAL, HTTP, OLD_HTTP]
CURRENT: Final = [FAKE, JOURNAL, HTTP]
"""Those that know all actions."""
THAT_SEND: Final = [FAKE, HTTP, OLD_HTTP]
"""Those with orders of their own on the other side."""
THAT_SEND_ALL: Final = [FAKE, HTTP]
"""... that know all actions."""


def those(adapters: Sequence[OrdersAdapter]) -> pytest.MarkDecorator:
    """Only with these adapters."""
    return pytest.mark.parametrize("adapter", adapters, ids=lambda adapter: adapter.name)
