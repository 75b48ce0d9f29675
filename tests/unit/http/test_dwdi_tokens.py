"""Tokens for the usage warehouse, over real sockets. Source: DWDI contract, section 2.

The rules of the tokens themselves are in test_oidc_client.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.metering import WarehouseProfile
from cscs_domain.usage.months import Month
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_fakes.clock import FixedClock
from cscs_http.dwdi import HttpUsageWarehouse
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from tests.raw_server import RawServer, Reply, answer, raw_server
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio

SECRET = "s3cret-&-<ß>-of-the-client"
EMPTY = answer(200, {"compute": []})
REFUSED = answer(401, {"detail": "Invalid token"})


def token(name: str, **members: object) -> bytes:
    """An answer of the token endpoint."""
    return answer(200, {"access_token": name, "token_type": "Bearer", **members})


TOKENS = (token("first-token"), token("second-token"), token("third-token"))


@attrs.frozen
class Site:
    """A warehouse that wants tokens, both of its servers, and a clock that the test moves."""

    warehouse: HttpUsageWarehouse
    dwdi: RawServer
    oidc: RawServer
    clock: FixedClock

    async def read(self, accounts: int = 1) -> list[WarehousePage]:
        """The usage of so many accounts."""
        members: dict[str, Any] = {"subjects": {f"g{number}" for number in range(accounts)}}
        query = WarehouseQuery(period=Month(2025, 11), **members)
        return [page async for page in self.warehouse.pages(query)]

    @property
    def headers(self) -> list[str]:
        """What the warehouse was shown, request by request."""
        return [request.headers["authorization"] for request in self.dwdi.requests]


@asynccontextmanager
async def site(
    *replies: Reply, tokens: tuple[Reply, ...] = TOKENS, section: str = "usage"
) -> AsyncIterator[Site]:
    """A warehouse that says this to those who have a token, and the endpoint that gives them."""
    clock = FixedClock(datetime(2025, 11, 20, 8, tzinfo=UTC))
    async with raw_server(*replies) as dwdi, raw_server(*tokens) as oidc:
        endpoint = TokenEndpoint.parse(oidc.url + "realms/hpc/protocol/openid-connect/token")
        client = Client(
            client_id="usage-reporter",
            client_secret=lambda: SECRET,
            scope="cscs-dwdi:read",
            section=section,
            prefix="cscs_dwdi_",
        )
        async with service_at(endpoint.url) as identity:
            credentials = ClientCredentials(identity.service, endpoint, client, clock)
            async with service_at(dwdi.url, credentials=credentials, service="DWDI") as watched:
                warehouse = HttpUsageWarehouse(watched.service, profile=WarehouseProfile.V1)
                yield Site(warehouse, dwdi, oidc, clock)
            await credentials.close()


async def test_a_client_identifies_itself_and_shows_what_it_got() -> None:
    async with site(EMPTY) as made:
        await made.read()

    assert parse_qs(made.oidc.requests[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["usage-reporter"],
        "client_secret": [SECRET],
        "scope": ["cscs-dwdi:read"],
    }
    assert made.headers == ["Bearer first-token"]


async def test_all_requests_share_one_token() -> None:
    async with site(EMPTY) as made:
        await made.read(accounts=500)

    assert (len(made.dwdi.requests), len(made.oidc.requests)) == (10, 1)
    assert set(made.headers) == {"Bearer first-token"}


@pytest.mark.parametrize(
    ("expires_in", "seconds"), [(3600, 3300), (300, 150), (60, 30), ("60", 30), (None, 3300)]
)
async def test_a_token_is_never_used_after_its_end(expires_in: object, seconds: int) -> None:
    tokens = (token("first-token", expires_in=expires_in), token("second-token"))
    async with site(EMPTY, tokens=tokens) as made:
        await made.read()
        made.clock.advance(timedelta(seconds=seconds - 1))
        await made.read()
        made.clock.advance(timedelta(seconds=1))
        await made.read()

    assert made.headers == ["Bearer first-token", "Bearer first-token", "Bearer second-token"]


async def test_a_refused_token_is_replaced_and_the_request_repeated() -> None:
    async with site(REFUSED, EMPTY) as made:
        (page,) = await made.read()

    assert page.asked == {"g0"}
    assert made.headers == ["Bearer first-token", "Bearer second-token"]
    assert made.dwdi.requests[0].target == made.dwdi.requests[1].target


async def test_a_warehouse_that_refuses_every_token_is_asked_twice_and_not_more() -> None:
    async with site(REFUSED) as made:
        with pytest.raises(UnexpectedStatusError, match="Invalid token") as caught:
            await made.read()

    assert (caught.value.status, caught.value.retryable) == (401, False)
    for key in ("oidc_token_url", "client_id", "oidc_scope"):
        assert f"usage.cscs_dwdi_{key}" in str(caught.value)
    assert (len(made.dwdi.requests), len(made.oidc.requests)) == (2, 2)


@pytest.mark.parametrize(
    ("status", "word", "keys"),
    [
        (401, "invalid_client", ("client_id", "client_secret")),
        (400, "invalid_scope", ("oidc_scope",)),
        (400, "unsupported_grant_type", ("oidc_token_url",)),
        (403, "", ("client_id", "client_secret")),
        (404, "", ("oidc_token_url",)),
    ],
)
async def test_a_refused_client_is_told_its_keys(
    status: int, word: str, keys: tuple[str, ...]
) -> None:
    async with site(EMPTY, tokens=(answer(status, {"error": word}),)) as made:
        with pytest.raises(UpstreamServiceError, match=f"answered {status}.*{word}") as caught:
            await made.warehouse.ping()

    assert not caught.value.retryable
    assert all(f"usage.cscs_dwdi_{key}" in str(caught.value) for key in keys)
    assert made.dwdi.requests == []


async def test_without_a_section_the_keys_have_their_bare_names() -> None:
    """In the file of a site agent they stand somewhere else."""
    async with site(EMPTY, tokens=(answer(401, {}),), section="") as made:
        with pytest.raises(UpstreamServiceError, match=r"check cscs_dwdi_client_id and"):
            await made.read()


@pytest.mark.parametrize(
    "reply",
    [
        answer(200, b"<html>Sign in</html>", kind="text/html"),
        answer(200, {"expires_in": 300, "refresh_token": SECRET}),
        answer(200, json.dumps(SECRET).encode()),
    ],
    ids=["page", "no token", "text"],
)
async def test_an_endpoint_that_gives_no_token_is_an_error_that_quotes_nothing(
    reply: bytes,
) -> None:
    async with site(EMPTY, tokens=(reply,)) as made:
        with pytest.raises(UnusableAnswerError) as caught:
            await made.read()

    assert "s3cret" not in str(caught.value) + repr(vars(caught.value))
    assert made.dwdi.requests == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 503])
async def test_a_warehouse_that_quotes_the_token_is_not_quoted(status: int) -> None:
    async with site(answer(status, {"detail": "who is first-token or second-token?"})) as made:
        with pytest.raises(UnexpectedStatusError) as caught:
            await made.read()

    for text in (str(caught.value), repr(vars(caught.value))):
        assert "first-token" not in text
        assert "second-token" not in text
