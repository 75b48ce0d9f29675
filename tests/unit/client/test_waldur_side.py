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


def order_that_is(state: str) -> bytes:
    members = {"uuid": ORDER.hex, "marketplace_resource_uuid": RESOURCE.hex}
    return answer(200, members | {"type": "Create", "state": state})


EXECUTING = order_that_is("executing")


@attrs.frozen
class Sides:
    """A client between two servers."""

    client: AsyncStorageClient
    storage: RawServer
    waldur: RawServer


@asynccontextmanager
async def between(*said_by_waldur: bytes) -> AsyncIterator[Sides]:
    async with (
        raw_server(sent(row())) as storage,
        raw_server(*said_by_waldur) as waldur,
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
    async with between(EXECUTING, EMPTY) as sides:
        await sides.client.read()
        actions = sides.client.actions(directory(waldur=sides.waldur.url))
        assert await actions.set_backend_id("fs-1") is Outcome.DONE

    (asked,), (looked, posted) = sides.storage.requests, sides.waldur.requests
    assert asked.headers["authorization"] == f"Bearer {STORAGE_TOKEN}"
    for request in (looked, posted):
        assert request.headers["authorization"] == f"Token {WALDUR_TOKEN}"
    assert looked.method == "GET"
    assert posted.target == f"/api/marketplace-provider-resources/{RESOURCE.hex}/set_backend_id/"


async def test_a_directory_is_made_with_few_requests() -> None:
    """None of them is one that Waldur has to refuse. An approval is looked after by the adapter,
    since its answer does not tell what came of it, and `begin` says how the order stands.
    """
    pending, done = order_that_is("pending-provider"), EMPTY
    replies = [pending, EMPTY, EXECUTING, EXECUTING, EMPTY, EXECUTING, done]
    async with between(*replies) as sides:
        actions = sides.client.actions(directory(waldur=sides.waldur.url))
        await actions.begin(await actions.order())
        await actions.set_backend_id("fs-1")
        assert await actions.done() is Outcome.DONE

    order = f"/api/marketplace-orders/{ORDER.hex}/"
    assert [(r.method, r.target.partition("?")[0]) for r in sides.waldur.requests] == [
        ("GET", order),
        ("POST", f"{order}approve_by_provider/"),
        ("GET", order),
        ("GET", order),
        ("POST", f"/api/marketplace-provider-resources/{RESOURCE.hex}/set_backend_id/"),
        ("GET", order),
        ("POST", f"{order}set_state_done/"),
    ]


async def test_what_is_done_is_not_reported_again() -> None:
    async with between(order_that_is("done")) as sides:
        actions = sides.client.actions(directory(waldur=sides.waldur.url))
        assert await actions.done() is Outcome.ALREADY

    assert [request.method for request in sides.waldur.requests] == ["GET"]


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
