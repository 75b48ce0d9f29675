"""Bodies that do not come to their end: too slow, or broken off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Scope

from cscs_api.app import create_app
from cscs_api.collector_refresh import SumsRefresher
from cscs_api.collector_routes import CollectorRoute
from cscs_api.link_request import read_correction
from tests.api.events_site import EVENTS, KEY, OPEN, PATH, events_site

AT_ONCE = timedelta(0)
HEADERS = [(b"content-type", b"application/json"), (b"x-zeus-collector-key", KEY.encode())]


def scope(method: str, path: str) -> Scope:
    """A request as a server hands it over."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": HEADERS,
    }


def half_a_body(then: Callable[[], Awaitable[Message]]) -> Callable[[], Awaitable[Message]]:
    """A client that sends something first."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await then()
        sent = True
        return {"type": "http.request", "body": b"{", "more_body": True}

    return receive


async def nothing_more() -> Message:
    """It never goes on."""
    await asyncio.Event().wait()
    raise AssertionError


async def goes_away() -> Message:
    return {"type": "http.disconnect"}


async def test_a_batch_that_never_ends_is_408() -> None:
    async with events_site() as site:
        route = CollectorRoute(site.service, SumsRefresher(site.store), AT_ONCE)
        response = await route.post(Request(scope("POST", PATH), half_a_body(nothing_more)))

    body = json.loads(bytes(response.body))
    assert (response.status_code, body["statusCode"]) == (408, 408)
    assert body["error"] == "Request Timeout"
    assert not site.store.book.events


async def test_a_correction_that_never_ends_is_408() -> None:
    request = Request(scope("PUT", "/"), half_a_body(nothing_more))
    with pytest.raises(HTTPException) as caught:
        await read_correction(request, patience=AT_ONCE)

    assert caught.value.status_code == 408


async def test_a_correction_that_breaks_off_changes_nothing() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    path = f"/usage/events/{EVENTS[0]['extra']['event_id']}/link"
    async with events_site() as site:
        await site.send_sample()
        app = create_app(OPEN, events=site.service)
        await app(scope("PUT", path), half_a_body(goes_away), send)

    assert sent[0]["status"] == 400
    assert not site.store.book.corrections
