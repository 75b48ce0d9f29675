"""What the collector's entrance refuses, and in which form. Usage events contract, section 2."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from cscs_api.app import create_app
from cscs_bootstrap.collector_keys import CollectorKeys
from cscs_domain.errors import StoreUnavailableError, UpstreamServiceError
from tests.api.events_site import (
    EVENTS,
    GUARDED,
    KEY,
    OPEN,
    PATH,
    EventsSite,
    batch,
    changed,
    events_site,
)


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    async with events_site(most_body_bytes=4_000_000) as made:
        yield made


PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    503: "Service Unavailable",
}


def refused(response: httpx.Response, status: int) -> str:
    """The sentence of an error in the collector's form."""
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert (body["error"], body["statusCode"]) == (PHRASES[status], status)
    assert body["request_id"] == response.headers["x-request-id"]
    message = body["message"]
    found: str = message if isinstance(message, str) else message[0]
    return found


async def test_without_a_key_it_is_401(site: EventsSite) -> None:
    for key in (None, "", "  "):
        response = await site.send(batch(EVENTS), key=key)
        assert refused(response, 401) == "Missing X-Zeus-Collector-Key header"


@pytest.mark.parametrize("key", [KEY[:-1], KEY + "x", KEY.upper(), "é" * 20, "x" * 10_000])
async def test_another_key_is_401(site: EventsSite, key: str) -> None:
    response = await site.client.post(PATH, headers={b"x-zeus-collector-key": key.encode()})

    assert refused(response, 401) == "Invalid API key"
    assert key not in response.text


async def test_a_site_without_keys_says_so() -> None:
    async with events_site(keys=CollectorKeys()) as site:
        response = await site.send(batch(EVENTS))

    assert refused(response, 401) == "Collector API key not configured"


async def test_blanks_around_a_key_do_not_matter(site: EventsSite) -> None:
    assert (await site.send(batch([]), key=f"  {KEY}\t")).status_code == 201


@pytest.mark.parametrize(("first", "status"), [(KEY, 201), ("other", 401)])
async def test_of_several_keys_the_first_counts(site: EventsSite, first: str, status: int) -> None:
    second = "other" if first == KEY else KEY
    headers = [
        ("content-type", "application/json"),
        ("x-zeus-collector-key", first),
        ("x-zeus-collector-key", second),
    ]
    response = await site.client.post(PATH, content=batch([]), headers=headers)

    assert response.status_code == status


async def test_the_key_is_checked_before_a_byte_is_read(site: EventsSite) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    response = await site.client.post(PATH, content=never(), headers={"x-zeus-collector-key": "x"})

    assert response.status_code == 401


async def test_a_body_that_says_that_it_is_too_large_is_not_read(site: EventsSite) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {
        "x-zeus-collector-key": KEY,
        "content-type": "application/json",
        "content-length": "4000001",
    }
    response = await site.client.post(PATH, content=never(), headers=headers)

    assert "more than 4000000 bytes" in refused(response, 413)


async def test_a_body_that_turns_out_too_large_is_read_no_further(site: EventsSite) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 100_000

    headers = {"x-zeus-collector-key": KEY, "content-type": "application/json"}
    response = await site.client.post(PATH, content=endless(), headers=headers)

    refused(response, 413)
    assert sent == 41


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
async def test_another_content_type_is_415(site: EventsSite, kind: str) -> None:
    refused(await site.send(batch(EVENTS), content_type=kind), 415)


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json;"],
)
async def test_utf_8_may_be_said(site: EventsSite, kind: str) -> None:
    assert (await site.send(batch(EVENTS), content_type=kind)).status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
async def test_a_compressed_body_is_415(site: EventsSite, encoding: str) -> None:
    refused(await site.send(batch(EVENTS), content_encoding=encoding), 415)


GOOD = json.dumps(EVENTS[0])
HUGE = {"metric_cpu_time_seconds": 2**63}
MANY = [{"scheme": "user_email", "value": f"{n}@x.example"} for n in range(40_000)]


def bad_bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that somebody may send, by mistake or to see what happens."""
    yield "nothing", b""
    yield "truncated", batch(EVENTS)[:-20]
    yield "more behind", batch([]) + b"{}"
    yield "a byte order mark", b"\xef\xbb\xbf" + batch([])
    yield "no UTF-8", b'{"events": ["\xff"]}'
    yield "UTF-16", batch([]).decode().encode("utf-16")
    yield "deep nesting", b'{"events": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield "deep context", batch([changed(EVENTS[0], context=deep(60))])
    yield "deeper context", batch([]).replace(b"[]", b"[%s]" % deep_event(5_000))
    yield "NaN", batch([changed(EVENTS[0], metric_cpu_time_seconds=float("nan"))])
    yield "Infinity", batch([changed(EVENTS[0], context={"a": float("inf")})])
    yield "1e999", b'{"events": [], "x": 1e999}'
    yield "huge count", batch([changed(EVENTS[0], **HUGE)])
    yield "5 000 digits", b'{"events": [%s]}' % (b"9" * 5_000)
    yield "duplicate keys", b'{"events": [], "events": []}'
    yield "a duplicate key spelled otherwise", b'{"events": [], "ev\\u0065nts": []}'
    yield "a duplicate key inside", b'{"events": [{"metrics": {"a": 1, "a": 1}}]}'
    yield "many identities", batch([changed(EVENTS[0], identities=MANY)])
    yield "many bad identities", batch([changed(EVENTS[0], identities=[1] * 1_000_000)])
    yield "a list", b"[]"
    yield "null", b"null"
    yield "events that are none", b'{"events": {}}'
    yield "no events", b"{}"
    yield "a word for is_last_batch", b'{"events": [], "is_last_batch": "yes"}'
    yield "NUL", batch([changed(EVENTS[0], context={"a": "\0"})])
    yield "half a surrogate pair", batch([changed(EVENTS[0], context={"a": "\ud800"})])
    yield (
        "dates beyond all calendars",
        batch([changed(EVENTS[0], time_window_end="99999-01-01T00:00:00Z")]),
    )


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def deep_event(levels: int) -> bytes:
    return b'{"context": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in bad_bodies()])
@pytest.mark.parametrize("query", ["", "?partial=true"])
async def test_bad_input_is_400_with_a_short_sentence(
    site: EventsSite, body: bytes, query: str
) -> None:
    response = await site.send(body, query)
    sentence = refused(response, 400)

    assert 10 < len(sentence) < 300
    assert len(response.content) < 20_000
    assert not site.store.book.events


async def test_malformed_json_is_told_with_its_place(site: EventsSite) -> None:
    sentence = refused(await site.send(b'{\n"events": [,]}'), 400)

    assert "line 2, column 12" in sentence


async def test_too_many_events_are_400_with_the_bound() -> None:
    async with events_site(most_events=3) as site:
        response = await site.send(batch(EVENTS[:4]))

    assert "no more than 3" in refused(response, 400)


async def test_ten_thousand_bad_events_have_a_bounded_answer(site: EventsSite) -> None:
    response = await site.send(batch([{}] * 10_000))

    assert response.status_code == 400
    assert len(response.json()["message"]) <= 1_100
    assert len(response.json()["rejected"]) == 10_000


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailableError("the event store", "refused at db.example:5432"),
        UpstreamServiceError("the directory", "refused at db.example:5432"),
    ],
    ids=["store", "directory"],
)
async def test_a_store_or_directory_that_is_away_is_503_and_all_is_well_when_it_is_back(
    site: EventsSite, error: UpstreamServiceError
) -> None:
    of_store = isinstance(error, StoreUnavailableError)
    (site.store if of_store else site.directory).fail_with(error)
    response = await site.send(batch(EVENTS))

    sentence = refused(response, 503)
    assert error.service in sentence
    assert "db.example" not in response.text
    assert response.headers["retry-after"] == "5"

    site.store.fail_with(None)
    site.directory.recover()
    assert (await site.send(batch(EVENTS))).status_code == 201


async def test_a_client_that_goes_away_leaves_nothing_and_no_traceback(site: EventsSite) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": batch(EVENTS)[:-1], "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"x-zeus-collector-key", KEY.encode()),
        ],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    with capture_logs() as lines:
        await create_app(OPEN, events=site.service)(scope, receive, send)

    assert not site.store.book.events
    assert [line["event"] for line in lines] == ["request"]
    assert lines[0]["sender"] == "pbs1"


async def test_the_access_line_names_the_sender_and_never_its_key(site: EventsSite) -> None:
    with capture_logs() as lines:
        await site.send(batch(EVENTS))
        await site.send(batch(EVENTS), key="another")

    taken, refused_line = lines
    assert (taken["sender"], taken["stored"], taken["duplicates"]) == ("pbs1", 22, 0)
    assert refused_line["status"] == 401
    assert KEY not in str(lines)
    assert "another" not in str(lines)


async def test_only_posts_are_taken(site: EventsSite) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = await site.client.request(method, PATH)
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"


async def test_collectors_need_no_token_and_no_loopback() -> None:
    async with events_site(settings=GUARDED) as site:
        response = await site.send(batch(EVENTS), x_forwarded_for="192.0.2.1")

    assert response.status_code == 201


async def test_a_server_without_usage_events_answers_404_in_the_same_form() -> None:
    transport = httpx.ASGITransport(create_app(OPEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await client.post(PATH, content=batch(EVENTS))
        other = await client.get("/usage/summary?scope=user")

    assert "not configured" in refused(response, 404)
    assert (other.status_code, other.json()["error"]) == (404, "NotFound")
