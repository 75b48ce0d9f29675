"""A small emulated Waldur and a client of it, for tests of the emulator itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import attrs
import httpx

from cscs_fakes.emulators.waldur import (
    AGENT_TOKEN,
    CONSUMER_TOKEN,
    STAFF_TOKEN,
    Mode,
    SiteFacts,
    WaldurEmulator,
)
from cscs_fakes.waldur_rows import make_rows
from cscs_json import encode

Row: TypeAlias = dict[str, Any]

URL: Final = "http://waldur.test"
RESOURCES: Final = "/api/marketplace-provider-resources/"
CONSUMED: Final = "/api/marketplace-resources/"
ORDERS: Final = "/api/marketplace-orders/"
TOKENS: Final = {"agent": AGENT_TOKEN, "staff": STAFF_TOKEN, "alice": CONSUMER_TOKEN}
NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

SLURM: Final = "Marketplace.Slurm"
BASIC: Final = "Marketplace.Basic"
SUPPORT: Final = "Support.OfferingTemplate"
ERROR: Final = {"error_message": "disk pool full", "error_traceback": "line 1"}


@attrs.define
class Waldur:
    """An emulator and somebody who asks it."""

    emulator: WaldurEmulator
    client: httpx.AsyncClient

    async def get(self, path: str, *, by: str = "agent", **query: Any) -> httpx.Response:
        """Ask; a list in the query repeats its parameter."""
        return await self.client.get(path, params=_query(query) or None, headers=_headers(by))

    async def post(self, path: str, body: object = None, *, by: str = "agent") -> httpx.Response:
        """Let something be done; without a body nothing is sent."""
        if body is None:
            return await self.client.post(path, headers=_headers(by))
        return await self.client.post(path, content=encode(body), headers=_headers(by, json=True))

    async def act(self, order: str, action: str, body: object = None) -> int:
        """Act on an order as the agent; return the status."""
        return (await self.post(f"{ORDERS}{order}/{action}/", body)).status_code

    def states(self, order: str) -> tuple[object, object]:
        """Those of the order and of its resource."""
        found = self.emulator.order(order)
        uuid = str(found["marketplace_resource_uuid"])
        return found["state"], self.emulator.resource(uuid)["state"]


@asynccontextmanager
async def waldur(
    rows: Iterable[Mapping[str, object]] = (),
    *,
    mode: Mode = Mode.V8_1,
    clock: Callable[[], datetime] = lambda: NOW,
    facts: SiteFacts | None = None,
) -> AsyncIterator[Waldur]:
    """An emulator with these rows."""
    emulator = WaldurEmulator(mode=mode, rows=rows, clock=clock, facts=facts)
    transport = httpx.ASGITransport(emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield Waldur(emulator, client)


def row(name: str = "res-1", **changes: object) -> Row:
    """A resource of `capstor` in state OK, with a creation order that is done."""
    uuid = uuid_of(name)
    own = {"uuid": uuid, "name": name, "slug": name, "state": "OK", "backend_id": f"{name}-fs"}
    plain = {"limits": {"storage": 10}, "options": {}, "attributes": {"permissions": "2770"}}
    made = order_row(name, "made", type="Create", state="done")
    url = f"https://waldur.example.com/api/marketplace-resources/{uuid}/"
    orders = {"order_in_progress": None, "creation_order": made}
    return {**_template(), **own, **plain, "url": url, **orders, **changes}


def with_order(name: str, *, offering_type: str = SLURM, **order: object) -> Row:
    """A resource with one order that is its order in progress, in the state that goes with it."""
    made = order_row(name, "waiting", offering_type=offering_type, **order)
    creating = made["type"] == "Create"
    nested = {"order_in_progress": made, "creation_order": made if creating else None}
    state = "Creating" if creating else "OK"
    return row(name, state=state, backend_id="", offering_type=offering_type, **nested)


def order_row(name: str, which: str, **changes: object) -> Row:
    """An order of a resource."""
    uuid = uuid_of(f"{name} {which}")
    whole: Row = _template()["creation_order"]
    own = {"uuid": uuid, "marketplace_resource_uuid": uuid_of(name), "resource_name": name}
    return {**whole, **own, "limits": {"storage": 20}, "attributes": {}, **changes}


def uuid_of(name: str) -> str:
    """32 hex digits for a name."""
    return uuid5(NAMESPACE_URL, name).hex


@cache
def _template() -> Row:
    rows = make_rows(20)
    found = next(each for each in rows if each["offering_slug"] == "capstor")
    return dict(found)


def _query(query: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    pairs = ((name, value if isinstance(value, list) else [value]) for name, value in query.items())
    return tuple((name, str(each)) for name, values in pairs for each in values)


def _headers(by: str, *, json: bool = False) -> dict[str, str]:
    headers = {"authorization": f"Token {TOKENS.get(by, by)}"} if by else {}
    return {**headers, "content-type": "application/json"} if json else headers
