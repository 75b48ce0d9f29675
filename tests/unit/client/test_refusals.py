"""What a server refuses is one error of the domain, told without anybody's secret."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cscs_bootstrap.settings import Auth
from cscs_client import OidcLogin
from cscs_client.connections import Reach
from cscs_domain import (
    AuthenticationError,
    Caller,
    CscsError,
    InvalidValueError,
    PermissionDeniedError,
    SnapshotGoneError,
    UpstreamServiceError,
)
from cscs_fakes.token_verifier import FakeTokenVerifier
from tests.api.site import SETTINGS, resource, site_of
from tests.raw_server import answer
from tests.unit.client.pages import client_of, row, sent, told

SECRET = "s3cret-token-of-a-provisioner"


def body(**members: object) -> dict[str, object]:
    return {"detail": "No.", "error": "X", "help": "Do this.", "request_id": "abc-1"} | members


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (422, InvalidValueError),
        (410, SnapshotGoneError),
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        body(),
        body(detail=None),
        body(detail=[]),
        body(detail=[1, {}, {"loc": 5}, {"loc": [], "msg": [], "ctx": []}]),
        body(detail="\x1b[2J\n" * 10_000, help="\r\n" * 10_000, request_id="\n" * 10_000),
        body(detail=f"you said {SECRET}", help=SECRET, request_id=SECRET),
        body(detail=[{"loc": ["query", SECRET], "msg": SECRET, "input": SECRET}]),
        body(detail={"detail": SECRET[:12]}),
        body(detail=f"...{SECRET[8:]} is unknown", help=f"not {SECRET[9:].upper()}"),
        [],
        "no",
        None,
    ],
)
async def test_a_refusal_is_an_error_in_bounds_and_without_the_token(
    status: int, kind: type[CscsError], reply: object
) -> None:
    async with told(*[answer(status, reply)] * 4, token=SECRET) as (client, _):
        with pytest.raises(kind) as caught:
            await client.read()
    told_text = f"{caught.value} {caught.value!r}"

    assert len(told_text) < 3_000
    assert told_text.isprintable()
    for part in (SECRET[:8], SECRET[8:16], SECRET[-8:]):
        assert part not in told_text.lower()


async def test_a_page_of_html_is_a_refusal_too() -> None:
    page = answer(403, b"<title>Firewall</title>", kind="text/html", x_request_id="abc-2")
    async with told(page) as (client, _):
        with pytest.raises(PermissionDeniedError, match=r"403.*Firewall.*abc-2"):
            await client.read()


async def test_reason_help_and_request_are_told() -> None:
    async with told(answer(403, body())) as (client, _):
        with pytest.raises(PermissionDeniedError) as caught:
            await client.read()

    assert str(caught.value) == "No. (request abc-1)"
    assert caught.value.help == "Do this."


async def test_a_filter_that_the_server_does_not_know_is_named_with_what_it_knows() -> None:
    async with site_of([resource()]) as site:
        with pytest.raises(InvalidValueError, match=r"capstor.*request ") as caught:
            await client_of(site).read(storage_system="tape", data_type="")

    assert caught.value.what == "storage_system, data_type"
    assert caught.value.value == "'tape', ''"


class TestTokens:
    async def test_the_right_one_opens(self) -> None:
        async with guarded(required=None) as site:
            assert (await client_of(site, token=SECRET).read()).rows

    async def test_a_wrong_one_and_none_do_not(self) -> None:
        async with guarded(required=None) as site:
            for options in ({}, {"token": "other-token"}):
                made: Any = options
                with pytest.raises(AuthenticationError):
                    await client_of(site, **made).read()

    async def test_a_missing_role_is_told(self) -> None:
        async with guarded(required="reader") as site:
            with pytest.raises(PermissionDeniedError) as caught:
                await client_of(site, token=SECRET).read()

        assert "reader" in caught.value.help

    async def test_one_that_has_changed_is_tried_again(self) -> None:
        tokens = iter(["old-token", SECRET, SECRET, SECRET])
        async with guarded(required=None) as site:
            assert (await client_of(site, token=lambda: next(tokens)).read()).rows

    async def test_blanks_around_one_do_not_matter(self) -> None:
        async with guarded(required=None) as site:
            assert (await client_of(site, token=lambda: f"{SECRET}\n").read()).rows

    @pytest.mark.parametrize("token", ["", " ", f"{SECRET}\nx: y", f"{SECRET}ü", SECRET * 999])
    async def test_what_cannot_be_one_is_refused_without_showing_it(self, token: str) -> None:
        with pytest.raises(InvalidValueError) as at_once:
            async with told(token=token):
                pass
        async with told(sent(row()), token=lambda: token) as (client, server):
            with pytest.raises(InvalidValueError) as when_used:
                await client.read()

        for caught in (at_once, when_used):
            assert SECRET[:6] not in f"{caught.value} {caught.value!r}"
        assert server.requests == []


class TestLogin:
    async def test_a_client_logs_in_by_itself(self) -> None:
        issued = answer(200, {"access_token": SECRET, "expires_in": 300})
        async with (
            told(issued) as (_, provider),
            told(sent(row()), token=login(provider.url)) as (
                client,
                server,
            ),
        ):
            await client.read()

        assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"
        assert b"client_id=robot" in provider.requests[0].body

    async def test_a_wrong_secret_is_told_without_it(self) -> None:
        refused = answer(401, {"error": "invalid_client", "error_description": "robot:hush-hush"})
        async with told(refused) as (_, provider), told(token=login(provider.url)) as (client, _):
            with pytest.raises(UpstreamServiceError, match="identity provider") as caught:
                await client.read()

        assert "hush" not in str(caught.value)


def login(url: str) -> OidcLogin:
    return OidcLogin(
        token_url=f"{url}realms/a/token", client_id="robot", client_secret=lambda: "hush-hush\n"
    )


def test_no_repr_has_a_secret() -> None:
    proxy = "socks5://me:hush-hush@localhost:1080"
    things = [login("http://x/"), Reach(proxy=proxy), login("http://x/").credentials(Reach())]

    assert "hush" not in repr(things)


@pytest.mark.parametrize(
    "proxy", ["localhost:1080", "hush:1", "ftp://hush@x", "socks5://", "http://[hush"]
)
def test_a_proxy_that_is_none_is_refused_without_showing_it(proxy: str) -> None:
    with pytest.raises(InvalidValueError, match="socks5") as caught:
        Reach(proxy=proxy)

    assert "hush" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(InvalidValueError, match="timeout"):
        Reach(timeout=timeout)


def guarded(required: str | None) -> Any:
    """A site that knows one token."""
    auth = Auth(keycloak_url="https://auth.example.com", required_role=required)
    verifier = FakeTokenVerifier(
        {SECRET: Caller(subject="1", username="robot", roles=frozenset({"guest"}))}
    )
    return site_of([resource()], settings=attrs.evolve(SETTINGS, auth=auth), verifier=verifier)
