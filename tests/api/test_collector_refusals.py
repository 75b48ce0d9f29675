"""What the collector's entrance refuses, and in which form. Usage events contract, section 2."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from cscs_api.app import create_app
from cscs_bootstrap.collector_keys import CollectorKeys
from cscs_domain.errors import StoreUnavailableError, UpstreamServiceError
from tests.api.collector_refusals import refused
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


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailableError("the event store", "role x at db.example", retryable=False),
        UpstreamServiceError("the directory", "/srv/directory.yaml is a folder", retryable=False),
    ],
    ids=["store", "directory"],
)
async def test_what_somebody_must_mend_first_is_503_that_says_so_and_the_log_says_what(
    site: EventsSite, error: UpstreamServiceError
) -> None:
    of_store = isinstance(error, StoreUnavailableError)
    (site.store if of_store else site.directory).fail_with(error)
    with capture_logs() as lines:
        response = await site.send(batch(EVENTS))

    sentence = refused(response, 503)
    assert f"{error.service} must be mended first" in sentence
    assert error.reason not in response.text
    assert response.headers["retry-after"] == "5"
    assert lines[0]["reason"] == str(error)


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


WHO = "mallory@x.example"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (batch([changed(EVENTS[0], source=WHO)]), "events.0.source must be one of "),
        (
            batch([changed(EVENTS[0], project_slug=None, context={"a": f"{WHO}\0"})]),
            "events.0.context.a must hold only characters that can be kept",
        ),
        (b'{"events": "%s"}' % WHO.encode(), "events must be an array"),
        (b'"%s"' % WHO.encode(), "the body must be an object with events"),
        (b'{"%b": 1, "%b": 2}' % (WHO.encode(), WHO.encode()), "The body is not usable JSON"),
    ],
    ids=["an event", "text", "no events", "no batch", "a key"],
)
async def test_the_access_line_has_the_path_and_the_rule_and_never_the_value(
    site: EventsSite, body: bytes, reason: str
) -> None:
    with capture_logs() as lines:
        response = await site.send(body)

    assert response.status_code == 400
    assert WHO in response.text
    assert lines[0]["reason"].startswith(reason)
    assert WHO not in str(lines)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_only_posts_are_taken(site: EventsSite, method: str) -> None:
    response = await site.client.request(method, PATH)

    assert refused(response, 405) == "Send batches with POST; nothing can be read here."
    assert response.headers["allow"] == "POST"
    assert (await site.client.head(PATH)).status_code == 405


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
