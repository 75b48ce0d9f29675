"""Tokens and usage through real proxies: microsocks for SOCKS5, Dante for SOCKS4, tinyproxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.months import Month
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_fakes.clock import FixedClock
from cscs_http.dwdi_access import DwdiAccess, DwdiClient, open_warehouse
from tests.raw_server import RawServer, answer, raw_server
from tests.unit.http import test_proxies
from tests.unit.http.test_proxies import PASSWORD, free_port

pytestmark = pytest.mark.anyio

CLOCK = FixedClock(datetime(2025, 11, 20, 8, tzinfo=UTC))
QUERY = WarehouseQuery(period=Month(2025, 11), subjects=["g207"])
ROW = {"account": "g207"}

# Fixtures of the tests of proxies in general.
socks5 = test_proxies.socks5
socks5_with_password = test_proxies.socks5_with_password
socks4 = test_proxies.socks4
http_proxy = test_proxies.http_proxy


@attrs.define
class Door:
    """A port in front of a proxy that counts who comes in."""

    address: str
    entered: int = 0


@asynccontextmanager
async def door_to(proxy: str) -> AsyncIterator[Door]:
    """Pass connections on to a proxy at `host:port`."""
    host, _, port = proxy.rpartition(":")
    passing: set[asyncio.Task[None]] = set()

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        passing.add(task)
        door.entered += 1
        there, back = await asyncio.open_connection(host, int(port))
        with suppress(asyncio.CancelledError):
            await asyncio.gather(_pass(reader, back), _pass(there, writer))

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    door = Door(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield door
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while part := await source.read(2**16):
                target.write(part)
                await target.drain()
    finally:
        target.close()


@attrs.frozen
class Site:
    """A warehouse that wants tokens, and who gives them."""

    dwdi: RawServer
    oidc: RawServer

    def access(self, **members: Any) -> DwdiAccess:
        """What lets us in there."""
        return DwdiAccess(
            api_url=self.dwdi.url,
            token_url=f"{self.oidc.url}token",
            client_id="reporter",
            client_secret=lambda: "secret",
            **members,
        )


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Servers that answer everybody."""
    token = answer(200, {"access_token": "a-token"})
    async with (
        raw_server(answer(200, {"compute": [ROW]})) as dwdi,
        raw_server(token) as oidc,
    ):
        yield Site(dwdi, oidc)


async def _goes_through(proxy: str, scheme: str, login: str = "") -> None:
    async with site() as made, door_to(proxy) as door:
        access = made.access(proxy=lambda: f"{scheme}://{login}{door.address}")
        async with open_warehouse(access, CLOCK) as warehouse:
            pages = [page async for page in warehouse.pages(QUERY)]

        assert pages == [WarehousePage(frozenset({"g207"}), [ROW])]
        assert (len(made.oidc.requests), len(made.dwdi.requests)) == (1, 1)
        assert made.dwdi.requests[0].headers["authorization"] == "Bearer a-token"
        assert door.entered == 2


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_tokens_and_usage_go_through_socks5(socks5: str, scheme: str) -> None:
    await _goes_through(socks5, scheme)


async def test_tokens_and_usage_go_through_socks5_with_a_password(
    socks5_with_password: str,
) -> None:
    await _goes_through(socks5_with_password, "socks5", f"me:{PASSWORD}@")


async def test_tokens_and_usage_go_through_socks4(socks4: str) -> None:
    await _goes_through(socks4, "socks4")


async def test_tokens_and_usage_go_through_an_http_proxy(http_proxy: str) -> None:
    await _goes_through(http_proxy, "http")


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "http"])
async def test_no_token_is_asked_for_around_a_proxy_that_is_not_there(scheme: str) -> None:
    async with site() as made:
        proxy = f"{scheme}://me:{PASSWORD}@127.0.0.1:{free_port()}"
        access = made.access(proxy=lambda: proxy, timeout=0.02)
        client = DwdiClient(access, CLOCK)
        with pytest.raises(UpstreamServiceError) as caught:
            await client.get_token()
        with pytest.raises(UpstreamServiceError):
            await client.warehouse.ping()
        await client.close()

        assert made.oidc.requests == made.dwdi.requests == []
    assert PASSWORD not in f"{caught.value!r} {access!r}"


async def test_no_usage_is_asked_for_around_a_proxy_that_went_away(socks5: str) -> None:
    async with site() as made:
        async with door_to(socks5) as door:
            access = made.access(proxy=lambda: f"socks5://{door.address}", timeout=0.2)
            client = DwdiClient(access, CLOCK)
            await client.get_token()
        with pytest.raises(UpstreamServiceError, match="DWDI"):
            await client.warehouse.ping(within=0.1)
        await client.close()

        assert (len(made.oidc.requests), made.dwdi.requests) == (1, [])
