"""A token endpoint that says what a test wants, when the test wants it, and credentials for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import httpx

from cscs_fakes.clock import FixedClock
from cscs_http.connection import Connection
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.service import Service
from tests.unit.http.services import QUICK

TOKEN_URL = "https://id.example.org/realms/hpc/protocol/openid-connect/token"
SECRET = "s3cret-&-<ß>-of-the-client"


@attrs.define
class Endpoint:
    """Answers with `t1`, `t2`, ... unless `reply` is set, as soon as `open` is.

    `members` are further members of the reply; `asked` is set when the first request arrives.
    """

    members: dict[str, object] = attrs.Factory(dict)
    reply: httpx.Response | Exception | None = None
    requests: list[httpx.Request] = attrs.Factory(list)
    open: asyncio.Event = attrs.Factory(asyncio.Event)
    asked: asyncio.Event = attrs.Factory(asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        self.asked.set()
        number = len(self.requests)
        await self.open.wait()
        if isinstance(self.reply, Exception):
            raise self.reply
        if self.reply is not None:
            return self.reply
        body = {"access_token": f"t{number}", "token_type": "Bearer", **self.members}
        return httpx.Response(200, content=json.dumps(body), headers=JSON)


JSON = {"content-type": "application/json"}


def said(status: int, body: object) -> httpx.Response:
    """An answer with this JSON."""
    return httpx.Response(status, content=json.dumps(body), headers=JSON)


@attrs.define
class Bench:
    """Credentials, the endpoint behind them and a clock that the test moves."""

    credentials: ClientCredentials
    endpoint: Endpoint
    clock: FixedClock

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))


@asynccontextmanager
async def bench(
    url: str = TOKEN_URL, *, scope: str = "", is_open: bool = True, **members: object
) -> AsyncIterator[Bench]:
    """Credentials for the endpoint at this URL, which answers at once if `is_open`."""
    endpoint, clock = Endpoint(members), FixedClock(datetime(2026, 11, 21, 8, tzinfo=UTC))
    if is_open:
        endpoint.open.set()
    place = TokenEndpoint.parse(url)
    service = Service(
        Connection(service="HPC users (token)", url=place.url),
        retries=QUICK,
        client=httpx.AsyncClient(transport=httpx.MockTransport(endpoint)),
    )
    client = Client(client_id="storage-proxy", client_secret=lambda: SECRET, scope=scope)
    credentials = ClientCredentials(service, place, client, clock)
    try:
        yield Bench(credentials, endpoint, clock)
    finally:
        await credentials.close()
        await service.close()
