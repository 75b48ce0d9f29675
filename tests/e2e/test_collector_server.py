"""The collector's entrance on a real socket: large, slow and broken-off bodies."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from cscs_bootstrap.wiring import DEMO_CONFIG
from tests.api.events_site import EVENTS, KEY, PATH, batch
from tests.e2e.conftest import Serve, Server, until

HEADERS = {"x-zeus-collector-key": KEY, "content-type": "application/json"}
CHUNK = b" " * 65536


@pytest.fixture
def server(serve: Serve) -> Server:
    """A server with events in memory."""
    return serve(
        DEMO_CONFIG,
        CSCS_ADAPTERS__EVENTS="fake",
        CSCS_ADAPTERS__DIRECTORY="fake",
        COLLECTOR_API_KEY=KEY,
    )


def send(server: Server, content: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    """One request on a connection of its own."""
    with server.client() as client:
        return client.post(PATH, content=content, headers={**HEADERS, **headers})


def events(server: Server) -> int:
    """How many events it has."""
    return len(server.get("/usage/events?limit=1000").json()["events"])


def test_a_client_that_sends_too_much_still_reads_the_413(server: Server) -> None:
    """It has to: that is what tells it to send half as much. Announced or not makes no odds."""
    large = CHUNK * 320
    for content in (large, iter([CHUNK] * 320)):
        response = send(server, content)
        assert response.status_code == 413
        assert response.json()["error"] == "Payload Too Large"


def test_a_wrong_key_with_a_large_body_still_reads_the_401(server: Server) -> None:
    response = send(server, CHUNK * 320, **{"x-zeus-collector-key": "wrong"})

    assert response.status_code == 401


def test_the_connection_can_be_used_after_a_refusal(server: Server) -> None:
    with server.client() as client:
        statuses = [
            client.post(PATH, content=content, headers=HEADERS).status_code
            for content in (CHUNK * 320, batch(EVENTS), b"{", batch(EVENTS))
        ]

    assert statuses == [413, 201, 400, 201]


def test_a_batch_that_breaks_off_leaves_nothing_and_no_traceback(server: Server) -> None:
    body = batch(EVENTS)
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        request = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\n{head}"
        connection.sendall(f"{request}content-length: {len(body)}\r\n\r\n".encode() + body[:-1])
    until(lambda: "went away" in server.log, server)

    assert events(server) == 0
    assert "Traceback" not in server.log
    assert send(server, body).status_code == 201
    assert events(server) == len(EVENTS)


def test_a_key_is_in_no_line_of_the_log(server: Server) -> None:
    send(server, batch(EVENTS))
    send(server, batch(EVENTS), **{"x-zeus-collector-key": "wrong-key"})
    until(lambda: server.log.count(PATH) == 2, server)
    lines = [json.loads(line) for line in server.log.splitlines() if PATH in line]

    assert [line["status"] for line in lines] == [201, 401]
    assert KEY not in server.log
    assert "wrong-key" not in server.log
