"""Tokens of a service of ours: when one is asked for, how long it is used, and what errors tell."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_http.answer import Answer
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from cscs_http.oidc_client import Client, TokenEndpoint
from cscs_http.oidc_client_token import parse_token, usable_time
from tests.unit.http.token_endpoints import JSON, SECRET, TOKEN_URL, bench, said

pytestmark = pytest.mark.anyio

REFUSED = Answer(service="HPC users", place="GET x", status=401, headers={}, body=b"")


class TestRequest:
    async def test_a_client_identifies_itself_with_a_form(self) -> None:
        async with bench() as made:
            assert await made.credentials.header() == "Bearer t1"

        (request,) = made.endpoint.requests
        assert (request.method, str(request.url)) == ("POST", TOKEN_URL)
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qs(request.content.decode()) == {
            "grant_type": ["client_credentials"],
            "client_id": ["storage-proxy"],
            "client_secret": [SECRET],
            "scope": ["openid"],
        }

    async def test_a_configured_scope_is_asked_for(self) -> None:
        async with bench(scope="openid hpc") as made:
            await made.credentials.header()

        assert parse_qs(made.endpoint.requests[0].content.decode())["scope"] == ["openid hpc"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://id.example.org/token?tenant=a%2Fb&version=",
            "https://id.example.org/",
            "https://id.example.org/realms/a%20b/token/",
            "http://localhost:8080/auth/realms/x/token",
        ],
    )
    async def test_the_url_is_used_as_it_is_written(self, url: str) -> None:
        async with bench(url) as made:
            await made.credentials.header()

        assert str(made.endpoint.requests[0].url) == url

    def test_a_url_without_a_path_is_that_of_the_host(self) -> None:
        assert TokenEndpoint.parse("https://id.example.org").url == "https://id.example.org/"


class TestLife:
    @pytest.mark.parametrize(
        ("expires_in", "seconds"),
        [
            (3600, 3300),
            (600, 300),
            (400, 200),
            (300, 150),
            (60, 30),
            (601, 301),
            (1, 0.5),
            (0, 0),
            (-60, 0),
            (None, 3300),
            ("300", 150),
            (" 300 ", 150),
            ("300.5", 150.25),
            (Decimal("300.5"), 150.25),
            ("soon", 3300),
            ("NaN", 3300),
            (Decimal("sNaN"), 3300),
            ("-Infinity", 3300),
            (True, 3300),
            ([300], 3300),
            (10**40, 30 * 86400 - 300),
            (Decimal("1e999999"), 30 * 86400 - 300),
        ],
        ids=lambda value: str(value)[:12],
    )
    def test_the_last_part_of_a_life_is_not_used(self, expires_in: object, seconds: float) -> None:
        """Five minutes, or half of a short life: a dead token is never sent."""
        assert usable_time(expires_in).total_seconds() == seconds

    @pytest.mark.parametrize(
        ("members", "seconds"), [({"expires_in": 300}, 150), ({}, 3300), ({"expires_in": 60}, 30)]
    )
    async def test_a_token_is_used_until_then_and_no_longer(
        self, members: dict[str, Any], seconds: float
    ) -> None:
        async with bench(**members) as made:
            await made.credentials.header()
            made.advance(seconds - 0.001)
            assert await made.credentials.header() == "Bearer t1"
            made.advance(0.001)
            assert await made.credentials.header() == "Bearer t2"

    async def test_a_life_counts_from_when_the_token_was_asked_for(self) -> None:
        async with bench(is_open=False, expires_in=60) as made:
            asking = asyncio.create_task(made.credentials.header())
            await made.endpoint.asked.wait()
            made.advance(29)
            made.endpoint.open.set()
            await asking
            made.advance(1)

            assert await made.credentials.header() == "Bearer t2"

    async def test_a_token_without_a_life_is_used_once(self) -> None:
        async with bench(expires_in=0) as made:
            assert await made.credentials.header() == "Bearer t1"
            assert await made.credentials.header() == "Bearer t2"

    @pytest.mark.parametrize("life", [b"NaN", b"1e999999", b"9" * 5000, b'"x"', b"null", b"-1"])
    def test_an_odd_life_spoils_no_token(self, life: bytes) -> None:
        body = b'{"access_token": "t1", "expires_in": ' + life + b"}"
        answer = Answer(service="s", place="POST token", status=200, headers=JSON, body=body)

        assert parse_token(answer).header == "Bearer t1"


class TestManyCallers:
    async def test_fifty_callers_share_one_token(self) -> None:
        async with bench(is_open=False) as made:
            asking = [asyncio.create_task(made.credentials.header()) for _ in range(50)]
            await made.endpoint.asked.wait()
            made.endpoint.open.set()

            assert await asyncio.gather(*asking) == ["Bearer t1"] * 50
            assert len(made.endpoint.requests) == 1

    async def test_fifty_callers_share_a_token_without_a_life(self) -> None:
        async with bench(is_open=False, expires_in=0) as made:
            asking = [asyncio.create_task(made.credentials.header()) for _ in range(50)]
            await made.endpoint.asked.wait()
            made.endpoint.open.set()

            assert await asyncio.gather(*asking) == ["Bearer t1"] * 50

    async def test_a_caller_that_goes_away_takes_nothing_from_the_others(self) -> None:
        async with bench(is_open=False) as made:
            first, second = [asyncio.create_task(made.credentials.header()) for _ in range(2)]
            await made.endpoint.asked.wait()
            first.cancel()
            await asyncio.wait([first])
            made.endpoint.open.set()

            assert await second == "Bearer t1"
            assert first.cancelled()
            assert len(made.endpoint.requests) == 1

    async def test_if_all_go_away_the_token_is_there_for_the_next_one(self) -> None:
        async with bench(is_open=False) as made:
            asking = asyncio.create_task(made.credentials.header())
            await made.endpoint.asked.wait()
            asking.cancel()
            await asyncio.wait([asking])
            made.endpoint.open.set()

            assert await made.credentials.header() == "Bearer t1"

    async def test_an_error_reaches_everybody_who_waits(self) -> None:
        async with bench(is_open=False) as made:
            made.endpoint.reply = said(401, {"error": "invalid_client"})
            asking = [asyncio.create_task(made.credentials.header()) for _ in range(50)]
            await made.endpoint.asked.wait()
            made.endpoint.open.set()
            errors = await asyncio.gather(*asking, return_exceptions=True)

        assert {type(error) for error in errors} == {UnexpectedStatusError}
        assert len(made.endpoint.requests) == 1

    async def test_after_a_failure_the_endpoint_is_left_alone_for_a_moment(self) -> None:
        async with bench() as made:
            made.endpoint.reply = said(401, {"error": "invalid_client"})
            for _ in range(3):
                with pytest.raises(UpstreamServiceError):
                    await made.credentials.header()
            assert len(made.endpoint.requests) == 1
            made.endpoint.reply = None
            made.advance(2)

            assert await made.credentials.header() == "Bearer t2"

    async def test_closing_ends_what_is_under_way(self) -> None:
        async with bench(is_open=False) as made:
            asking = asyncio.create_task(made.credentials.header())
            await made.endpoint.asked.wait()
            await made.credentials.close()

            assert await asyncio.gather(asking, return_exceptions=True)
            assert asking.cancelled()


class TestRefusedTokens:
    async def test_a_refused_token_is_not_used_again(self) -> None:
        async with bench() as made:
            header = await made.credentials.header()

            assert await made.credentials.refused(header, REFUSED)
            assert await made.credentials.header() == "Bearer t2"

    async def test_who_learns_late_of_it_drops_no_newer_token(self) -> None:
        """Fifty requests with one revoked token ask for one new token and not for fifty."""
        async with bench() as made:
            old = await made.credentials.header()
            for _ in range(50):
                assert await made.credentials.refused(old, REFUSED)
                assert await made.credentials.header() == "Bearer t2"

        assert len(made.endpoint.requests) == 2

    async def test_a_token_that_comes_again_is_not_tried_again(self) -> None:
        async with bench() as made:
            made.endpoint.reply = said(200, {"access_token": "the-same"})
            header = await made.credentials.header()

            assert await made.credentials.refused(header, REFUSED)
            assert await made.credentials.header() == header
            assert not await made.credentials.refused(header, REFUSED)

    async def test_advice_names_the_keys_to_look_at(self) -> None:
        async with bench() as made:
            advice = made.credentials.advice("whatever")

        for key in ("oidc_token_url", "client_id", "oidc_scope"):
            assert f"hpc_user_api.{key}" in advice


async def failure(reply: httpx.Response | Exception) -> UpstreamServiceError:
    """The error that this reply ends in."""
    async with bench() as made:
        made.endpoint.reply = reply
        with pytest.raises(UpstreamServiceError) as caught:
            await made.credentials.header()
    return caught.value


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "word", "key"),
        [
            (401, "invalid_client", "client_secret"),
            (400, "unauthorized_client", "service account"),
            (400, "invalid_scope", "oidc_scope"),
            (400, "unsupported_grant_type", "oidc_token_url"),
        ],
    )
    async def test_a_refused_client_is_told_what_to_check(
        self, status: int, word: str, key: str
    ) -> None:
        error = await failure(said(status, {"error": word, "error_description": "Nope"}))

        assert isinstance(error, UnexpectedStatusError)
        assert (error.status, error.retryable) == (status, False)
        assert word in str(error)
        assert key in str(error)

    @pytest.mark.parametrize(("status", "key"), [(403, "client_id"), (404, "oidc_token_url")])
    async def test_without_a_known_word_the_status_tells(self, status: int, key: str) -> None:
        assert f"hpc_user_api.{key}" in str(await failure(said(status, {})))

    @pytest.mark.parametrize("status", [500, 503, 429])
    async def test_a_failing_endpoint_is_nobodys_setting(self, status: int) -> None:
        error = await failure(said(status, {}))

        assert error.retryable
        assert "hpc_user_api" not in str(error)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"access_token": None},
            {"access_token": ""},
            {"access_token": 7},
            {"access_token": ["t"]},
            {"access_token": "a b"},
            {"access_token": "a\r\nX-Injected: 1"},
            {"access_token": "é"},
            {"access_token": "t" * 16385},
            ["access_token"],
            "access_token",
            None,
        ],
        ids=lambda body: str(body)[:30],
    )
    async def test_an_answer_without_a_usable_token_is_an_error(self, body: object) -> None:
        """A line break in a token would be quoted by whatever refuses to send it."""
        error = await failure(said(200, body))

        assert isinstance(error, UnusableAnswerError)
        assert "Injected" not in str(error)

    @pytest.mark.parametrize(
        "reply",
        [
            httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
            httpx.Response(200, content=b'{"access', headers=JSON),
            httpx.Response(200, content=b"\xff", headers=JSON),
            httpx.Response(200, content=b"[" * 100_000, headers=JSON),
        ],
        ids=["page", "cut", "bytes", "deep"],
    )
    async def test_an_answer_that_is_no_json_is_an_error(self, reply: httpx.Response) -> None:
        assert isinstance(await failure(reply), UnusableAnswerError)

    @pytest.mark.parametrize("status", [200, 400, 401, 404, 500, 503])
    @pytest.mark.parametrize(
        "echo",
        [
            {"error": "invalid_client", "error_description": f"bad secret {SECRET}"},
            {"error": SECRET},
            {"refresh_token": "r3fresh", "id_token": "1dtoken", "form": SECRET},
            f"client_secret={SECRET}",
        ],
        ids=["described", "error", "tokens", "text"],
    )
    async def test_nothing_of_a_secret_is_ever_in_an_error(self, status: int, echo: object) -> None:
        error = await failure(said(status, echo))

        for text in (str(error), repr(error), repr(vars(error))):
            assert "s3cret" not in text
            assert "r3fresh" not in text
            assert "1dtoken" not in text

    async def test_a_query_of_the_url_is_not_in_an_error(self) -> None:
        async with bench(TOKEN_URL + "?code=k3y") as made:
            made.endpoint.reply = httpx.ReadError("gone")
            with pytest.raises(UpstreamServiceError) as caught:
                await made.credentials.header()

        assert "k3y" not in str(caught.value)

    async def test_no_representation_shows_a_secret(self) -> None:
        client = Client(client_id="storage-proxy", client_secret=lambda: SECRET)
        token = parse_token(
            Answer(
                service="s",
                place="POST token",
                status=200,
                headers=JSON,
                body=b'{"access_token": "t0ken"}',
            )
        )
        async with bench() as made:
            await made.credentials.header()

            assert SECRET not in repr(client)
            assert "t0ken" not in repr(token)
            assert "t1" not in repr(made.credentials)
