"""What a service makes of everything that can come back, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import gzip
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_http.connection import TimeLimits
from cscs_http.credentials import WaldurToken
from cscs_http.errors import NoAnswerError, UnexpectedStatusError, UnusableAnswerError
from cscs_http.retries import Retries
from tests.raw_server import Reply, answer, drip, hang_up, raw_server, reset, silence
from tests.unit.http.services import IMPATIENT, QUICK, service_at

pytestmark = pytest.mark.anyio

TRUNCATED = answer(200, [1, 2, 3])[:-4]
TOKEN = "0123456789abcdef0123456789abcdef01234567"


async def failure_of(*replies: Reply, **changes: Any) -> tuple[UpstreamServiceError, int]:
    """The error that these replies end in, and how many requests it took."""
    async with raw_server(*replies) as server, service_at(server.url, **changes) as watched:
        with pytest.raises(UpstreamServiceError) as caught:
            await watched.service.get("things/")
        return caught.value, len(server.requests)


class TestRepetition:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    async def test_what_may_pass_is_asked_again(self, status: int) -> None:
        replies = answer(status, {"detail": "busy"}), answer(200, ["here"])
        async with raw_server(*replies) as server, service_at(server.url) as watched:
            got = await watched.service.get("things/")

        assert got.json() == ["here"]
        assert [call.status for call in watched.calls] == [status, 200]

    @pytest.mark.parametrize("broken", [hang_up, reset, TRUNCATED], ids=["closed", "reset", "cut"])
    async def test_a_broken_connection_is_tried_again(self, broken: Reply) -> None:
        async with raw_server(broken, answer(200, 7)) as server, service_at(server.url) as watched:
            assert (await watched.service.get("things/")).json() == 7

    @pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 415, 422, 301, 302])
    async def test_what_will_not_pass_is_asked_once(self, status: int) -> None:
        error, requests = await failure_of(answer(status, {"detail": "no"}))

        assert isinstance(error, UnexpectedStatusError)
        assert (error.status, error.retryable, requests) == (status, False, 1)

    async def test_it_gives_up(self) -> None:
        error, requests = await failure_of(answer(503, {"detail": "busy"}))

        assert (error.retryable, requests) == (True, QUICK.attempts)
        assert "busy" in str(error)

    async def test_a_service_that_wants_a_long_rest_gets_it(self) -> None:
        error, requests = await failure_of(answer(429, {}, retry_after="3600"))

        assert (error.retryable, requests) == (True, 1)

    async def test_a_service_that_wants_a_short_rest_is_asked_again(self) -> None:
        replies = answer(429, {}, retry_after="0"), answer(200, 7)
        async with raw_server(*replies) as server, service_at(server.url) as watched:
            assert (await watched.service.get("things/")).json() == 7

    async def test_nobody_there_is_an_error_that_says_so(self) -> None:
        async with raw_server(answer()) as server:
            url = server.url
        async with service_at(url) as watched:
            with pytest.raises(NoAnswerError) as caught:
                await watched.service.get("things/")

        assert caught.value.retryable
        assert len(watched.calls) == QUICK.attempts


class TestPatience:
    @pytest.mark.parametrize("slow", [silence, drip], ids=["silent", "dripping"])
    async def test_an_answer_that_never_ends_is_cut_off(self, slow: Reply) -> None:
        error, requests = await failure_of(slow, time_limits=IMPATIENT)

        assert isinstance(error, NoAnswerError)
        assert requests == QUICK.attempts

    async def test_repetitions_end_as_well(self) -> None:
        """However often a request may be repeated, the total is what was promised."""
        patient = Retries(attempts=10**6, first_wait=0, longest_wait=0, jitter=0)
        limits = TimeLimits(connect=5, answer=5, total=0.2)
        # Cut off in the very moment of connecting, httpx leaves a socket to the collector.
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            error, _ = await failure_of(answer(503, {}), retries=patient, time_limits=limits)
            is_retryable = error.retryable
            del error
            gc.collect()

        assert is_retryable


class TestSize:
    async def test_an_answer_beyond_the_bound_is_refused(self) -> None:
        error, requests = await failure_of(answer(200, b" " * 1001), largest_answer=1000)

        assert isinstance(error, UnusableAnswerError)
        assert requests == 1

    async def test_an_endless_answer_is_refused(self) -> None:
        error, _ = await failure_of(drip, largest_answer=10)

        assert isinstance(error, UnusableAnswerError)

    @pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "gzip;x"])
    async def test_an_encoding_that_was_not_asked_for_is_refused(self, encoding: str) -> None:
        """Layers of packing make gigabytes of some bytes before anybody can count."""
        packed = gzip.compress(gzip.compress(b" " * 10**6))
        error, _ = await failure_of(answer(200, packed, content_encoding=encoding))

        assert isinstance(error, UnusableAnswerError)

    async def test_one_layer_of_gzip_is_unpacked(self) -> None:
        packed = answer(200, gzip.compress(b'["packed"]'), content_encoding="gzip")
        async with raw_server(packed) as server, service_at(server.url) as watched:
            assert (await watched.service.get("things/")).json() == ["packed"]

    @pytest.mark.parametrize("cut", [1, 9, 20])
    async def test_a_packed_body_that_breaks_off_is_refused(self, cut: int) -> None:
        packed = gzip.compress(b'["packed"]' * 100)[:-cut]
        error, _ = await failure_of(answer(200, packed, content_encoding="gzip"))

        assert isinstance(error, UnusableAnswerError)

    async def test_what_only_says_that_it_is_packed_is_refused(self) -> None:
        error, _ = await failure_of(answer(200, b"[]", content_encoding="gzip"))

        assert isinstance(error, UnusableAnswerError)

    async def test_the_bound_holds_for_what_is_unpacked(self) -> None:
        packed = gzip.compress(b" " * 10**6)
        error, _ = await failure_of(
            answer(200, packed, content_encoding="gzip"), largest_answer=10**5
        )

        assert isinstance(error, UnusableAnswerError)


class TestContent:
    @pytest.mark.parametrize(
        "reply",
        [
            answer(200, b"<html><title>Log in</title></html>", kind="text/html; charset=utf-8"),
            answer(200, b"[]", kind="text/plain"),
            answer(200, b'{"cut', kind="application/json"),
            answer(200, b"[NaN]", kind="application/json"),
            answer(200, b"\xff", kind="application/json"),
            answer(200, b"[" * 100_000, kind="application/json"),
        ],
        ids=["page", "text", "cut", "NaN", "bytes", "deep"],
    )
    async def test_what_is_no_json_is_an_error(self, reply: bytes) -> None:
        async with raw_server(reply) as server, service_at(server.url) as watched:
            got = await watched.service.get("things/")
            with pytest.raises(UnusableAnswerError):
                got.json()

    async def test_a_redirect_is_not_followed(self) -> None:
        """It would take the token to wherever it points."""
        async with raw_server(answer(200, 7)) as other:
            error, requests = await failure_of(answer(302, {}, location=other.url))

            assert (requests, other.requests) == (1, [])
        assert not error.retryable


class TestCredentials:
    async def test_the_scheme_is_token(self) -> None:
        async with raw_server(answer(200, 7)) as server:
            credentials = WaldurToken(lambda: TOKEN)
            async with service_at(server.url, credentials=credentials) as watched:
                await watched.service.get("things/")

        assert server.requests[0].headers["authorization"] == f"Token {TOKEN}"

    async def test_a_token_that_was_replaced_meanwhile_is_used_at_once(self) -> None:
        tokens = iter(["old", "new", "new", "new"])
        replies = answer(401, {"detail": "Token has expired."}), answer(200, 7)
        async with raw_server(*replies) as server:
            credentials = WaldurToken(lambda: next(tokens))
            async with service_at(server.url, credentials=credentials) as watched:
                assert (await watched.service.get("things/")).json() == 7

        assert [r.headers["authorization"] for r in server.requests] == ["Token old", "Token new"]

    @pytest.mark.parametrize(
        ("detail", "word"),
        [
            ("Token has expired.", "lifetime"),
            ("Invalid token.", "waldur_api.access_token"),
            ("Invalid token.", "waldur_api_token"),
        ],
    )
    async def test_an_expired_token_is_told_from_a_wrong_one(self, detail: str, word: str) -> None:
        error, requests = await failure_of(
            answer(401, {"detail": detail}), credentials=WaldurToken(lambda: TOKEN)
        )

        assert (error.retryable, requests) == (False, 1)
        assert detail in str(error)
        assert word in str(error)

    @pytest.mark.parametrize("token", [TOKEN, "gehe1m-ß", "secret\nX-Forged: 1", "secret\0"])
    async def test_no_error_shows_the_token(self, token: str) -> None:
        for reply in (answer(401, {"detail": "x"}), answer(500, {}), hang_up):
            error, _ = await failure_of(reply, credentials=WaldurToken(lambda: token))

            shown = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
            assert token[:6] not in shown

    @pytest.mark.parametrize("piece", [slice(None), slice(8), slice(4, 20), slice(-9, None)])
    @pytest.mark.parametrize("change", [str, str.upper])
    async def test_no_error_repeats_a_piece_of_it_that_the_service_quotes(
        self, piece: slice, change: Callable[[str], str]
    ) -> None:
        quoted = change(TOKEN[piece])
        for reply in (
            answer(403, {"detail": f"{'x' * 290} {quoted} is not known"}),
            answer(401, f"<title>{quoted}</title>".encode(), kind="text/html"),
            answer(302, {}, location=f"http://elsewhere/?token={quoted}"),
            answer(500, {"a": {"b": [quoted]}}),
        ):
            error, _ = await failure_of(reply, credentials=WaldurToken(lambda: TOKEN))

            assert quoted not in f"{error} {error!r}"

    @pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 "])
    async def test_no_error_repeats_a_line_that_quotes_it(self, head: bytes) -> None:
        reply = head + b"Token " + TOKEN.encode() + b"\r\n\r\n"
        error, _ = await failure_of(reply, credentials=WaldurToken(lambda: TOKEN))

        assert TOKEN[:8] not in f"{error} {error!r} {error.__context__!r}"

    async def test_cookies_are_not_kept(self) -> None:
        """We are known by our token, never by a session that a server opened for us."""
        reply = answer(200, 7, set_cookie="session=1; Path=/")
        async with raw_server(reply) as server, service_at(server.url) as watched:
            await watched.service.get("things/")
            await watched.service.get("things/")

        assert "cookie" not in server.requests[1].headers


class TestTurns:
    async def test_no_more_are_under_way_than_are_allowed(self) -> None:
        """And who waits for a turn does not lose time for it."""
        under_way = [0, 0]

        async def reply(writer: asyncio.StreamWriter) -> None:
            under_way[0] += 1
            under_way[1] = max(under_way)
            await asyncio.sleep(0.02)
            under_way[0] -= 1
            writer.write(answer(200, 7))

        limits = TimeLimits(connect=5, answer=0.5, total=0.5)
        two: dict[str, Any] = {"at_once": 2, "time_limits": limits}
        async with raw_server(reply) as server, service_at(server.url, **two) as watched:
            answers = await asyncio.gather(*(watched.service.get("things/") for _ in range(60)))

        assert len(answers) == 60
        assert under_way[1] == 2


class TestRequests:
    async def test_a_list_of_parameters_keeps_repetitions_and_order(self) -> None:
        params = (("field", "uuid"), ("field", "a b&c"), ("state", "OK"))
        async with raw_server(answer(200, 7)) as server, service_at(server.url + "api/") as watched:
            await watched.service.get("things/", params)

        assert server.requests[0].target == "/api/things/?field=uuid&field=a+b%26c&state=OK"

    async def test_a_body_is_json_and_no_body_is_none(self) -> None:
        async with raw_server(answer(200, 7)) as server, service_at(server.url) as watched:
            await watched.service.post("act/", {"backend_id": "ü"})
            await watched.service.post("act/")

        first, second = server.requests
        assert first.headers["content-type"] == "application/json"
        assert first.body == '{"backend_id":"ü"}'.encode()
        assert "content-type" not in second.headers
        assert (second.body, second.headers["content-length"]) == (b"", "0")

    async def test_a_form_is_encoded(self) -> None:
        async with raw_server(answer(200, 7)) as server, service_at(server.url) as watched:
            await watched.service.post_form("token", (("scope", "openid a"), ("secret", "ä&=+")))

        request = server.requests[0]
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.body == b"scope=openid+a&secret=%C3%A4%26%3D%2B"
