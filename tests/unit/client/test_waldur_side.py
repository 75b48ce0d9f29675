"""What goes to Waldur goes there alone, with its own token, and comes back as values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest

from cscs_client import AsyncStorageClient, OidcLogin
from cscs_client.connections import Reach
from cscs_client.oidc_login import SystemClock
from cscs_client.tokens import WatchedCredentials
from cscs_domain import (
    InvalidValueError,
    OrderState,
    Outcome,
    UpstreamServiceError,
)
from tests.raw_server import RawServer, answer, raw_server
from tests.unit.client.directories import ORDER, RESOURCE, directory
from tests.unit.client.pages import row, sent

WALDUR_TOKEN = "0123456789abcdef" * 2
STORAGE_TOKEN = "token-of-the-storage-api"
EMPTY = answer(200, b"")
EXECUTING = answer(
    200,
    {
        "uuid": ORDER.hex,
        "marketplace_resource_uuid": RESOURCE.hex,
        "type": "Create",
        "state": "executing",
    },
)


@attrs.frozen
class Sides:
    """A client between two servers."""

    client: AsyncStorageClient
    storage: RawServer
    waldur: RawServer


@asynccontextmanager
async def between(said_by_waldur: bytes) -> AsyncIterator[Sides]:
    async with (
        raw_server(sent(row())) as storage,
        raw_server(said_by_waldur) as waldur,
        AsyncStorageClient(
            storage.url,
            token=STORAGE_TOKEN,
            waldur_url=waldur.url,
            waldur_token=lambda: f"{WALDUR_TOKEN}\n",
            timeout=5,
        ) as client,
    ):
        yield Sides(client, storage, waldur)


async def test_each_token_goes_to_its_own_server() -> None:
    async with between(EMPTY) as sides:
        await sides.client.read()
        actions = sides.client.actions(directory(waldur=sides.waldur.url))
        assert await actions.set_backend_id("fs-1") is Outcome.DONE

    (asked,), (posted,) = sides.storage.requests, sides.waldur.requests
    assert asked.headers["authorization"] == f"Bearer {STORAGE_TOKEN}"
    assert posted.headers["authorization"] == f"Token {WALDUR_TOKEN}"
    assert posted.target == f"/api/marketplace-provider-resources/{RESOURCE.hex}/set_backend_id/"


async def test_an_order_is_read_back() -> None:
    async with between(EXECUTING) as sides:
        facts = await sides.client.orders.order(ORDER)

    assert (facts.uuid, facts.resource, facts.state) == (ORDER, RESOURCE, OrderState.EXECUTING)


async def test_a_token_that_waldur_does_not_believe_is_told_without_it() -> None:
    async with between(answer(401, {"detail": f"Invalid token {WALDUR_TOKEN}."})) as sides:
        with pytest.raises(UpstreamServiceError, match="check waldur_token") as caught:
            await sides.client.orders.approve(ORDER)

    assert WALDUR_TOKEN[:8] not in str(caught.value)


async def test_every_request_takes_the_proxy() -> None:
    """A name that nobody resolves: only the proxy is connected to."""
    async with (
        raw_server(sent(row())) as proxy,
        AsyncStorageClient(
            "http://storage.invalid", proxy=lambda: f"{proxy.url}\n", timeout=5
        ) as client,
    ):
        assert (await client.read()).rows

    assert proxy.requests[0].target.startswith("http://storage.invalid/api/storage-resources/")


async def test_a_proxy_that_is_none_is_refused_when_it_is_known() -> None:
    with pytest.raises(InvalidValueError, match="proxy"):
        AsyncStorageClient("http://storage.invalid", proxy=lambda: "localhost")


async def test_a_login_gets_another_token_when_the_first_is_refused() -> None:
    tokens = [answer(200, {"access_token": token, "expires_in": 300}) for token in ("a1", "b2")]
    async with raw_server(*tokens) as provider, raw_server(answer(401, {}), sent(row())) as storage:
        login = OidcLogin(token_url=f"{provider.url}token", client_id="c", client_secret="s")
        client = AsyncStorageClient(storage.url, token=login, timeout=5)
        assert (await client.read()).rows
        await client.close()

    sent_tokens = [request.headers["authorization"] for request in storage.requests]
    assert sent_tokens == ["Bearer a1", "Bearer b2"]


@pytest.mark.parametrize("url", ["", "storage", "ftp://storage", "http://me:pw@storage", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    for options in ({}, {"waldur_url": url}):
        with pytest.raises(InvalidValueError, match="API URL") as caught:
            AsyncStorageClient(url if not options else "http://storage", **options)  # type: ignore[arg-type]
        assert "pw" not in str(caught.value)


async def test_a_login_that_is_never_believed_says_where_to_look() -> None:
    login = OidcLogin(token_url="http://id.invalid/token", client_id="c", client_secret="s")
    credentials = login.credentials(Reach())

    assert "OidcLogin.client_id" in WatchedCredentials(credentials).advice("")
    await credentials.close()


def test_the_clock_of_a_login_has_a_zone() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
