"""What clients see of each fault, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic, sleep
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from cscs_fakes.emulators.faults import Fault, FaultKind, Service
from cscs_fakes.emulators.faults_text import parse_fault
from cscs_fakes.emulators.site import EmulatedSite
from tests.emulated import running_site

PATH: Final = "/realms/cscs/.well-known/openid-configuration"
_PATIENCE: Final = 10


@pytest.fixture(scope="module")
def shared() -> Iterator[EmulatedSite]:
    with running_site(rows=[]) as made:
        yield made


@pytest.fixture
def site(shared: EmulatedSite) -> EmulatedSite:
    shared.reset()
    return shared


@pytest.fixture
def client(site: EmulatedSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=_PATIENCE, trust_env=False) as made:
        yield made


def fails(site: EmulatedSite, text: str) -> None:
    site.faults.set("oidc", parse_fault(text))


def until(happened: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE
    while not happened():
        assert monotonic() < deadline
        sleep(0.005)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_status_comes_with_a_page_for_people(
    site: EmulatedSite, client: httpx.Client, status: int
) -> None:
    fails(site, str(status))

    answer = client.get(PATH)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("asked", ["7", "soon"])
def test_how_long_to_wait_is_said_as_it_was_given(
    site: EmulatedSite, client: httpx.Client, asked: str
) -> None:
    fails(site, f"429:retry_after={asked}")

    assert client.get(PATH).headers["retry-after"] == asked


def test_how_long_to_wait_can_be_a_date(site: EmulatedSite, client: httpx.Client) -> None:
    fails(site, "503:retry_after=date+60")

    wait = parsedate_to_datetime(client.get(PATH).headers["retry-after"]) - datetime.now(UTC)

    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)


def test_a_truncated_answer_promises_everything_and_brings_half(
    site: EmulatedSite, client: httpx.Client
) -> None:
    whole = client.get(PATH).content
    fails(site, "truncate")

    with client.stream("GET", PATH) as answer:
        promised = int(answer.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError, match=f"received {len(whole) // 2}"):
            answer.read()
    assert promised == len(whole)


@pytest.mark.parametrize("kind", ["reset", "lost"])
def test_a_reset_is_a_reset_and_no_good_bye(site: EmulatedSite, kind: str) -> None:
    fails(site, kind)
    place = urlsplit(site.url)

    with socket.create_connection((str(place.hostname), place.port or 0), _PATIENCE) as connection:
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@pytest.mark.parametrize(("kind", "carried_out"), [("reset", 0), ("lost", 1)])
def test_a_lost_answer_belongs_to_a_request_that_was_carried_out(
    site: EmulatedSite, client: httpx.Client, kind: str, carried_out: int
) -> None:
    fails(site, kind)

    with pytest.raises(httpx.TransportError):
        client.get(PATH)

    assert site.oidc.counts["discovery"] == carried_out


def test_a_slow_body_comes_whole_after_a_pause_before_each_piece(
    site: EmulatedSite, client: httpx.Client
) -> None:
    whole = client.get(PATH).content
    fails(site, f"slow:ms=5:size={len(whole) // 10}")
    before = monotonic()

    assert client.get(PATH).content == whole
    assert monotonic() - before >= 0.05


@pytest.mark.parametrize("text", ["hang", "slow:ms=60000", "huge"])
def test_who_goes_away_takes_the_request_along(site: EmulatedSite, text: str) -> None:
    fails(site, text)

    with suppress(httpx.ReadTimeout), httpx.Client(trust_env=False, timeout=0.1) as client:  # noqa: SIM117  # the stream must be left first
        with client.stream("GET", site.url + PATH):
            pass

    until(lambda: len(site.log.requests) == 1)


@pytest.mark.parametrize("text", ["hang", "slow:ms=60000"])
def test_clearing_faults_ends_what_hangs(site: EmulatedSite, text: str) -> None:
    fails(site, text)
    place = urlsplit(site.url)

    with socket.create_connection((str(place.hostname), place.port or 0), _PATIENCE) as connection:
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        until(lambda: site.log.count("oidc") == 1)
        site.faults.clear()
        while connection.recv(4096):
            pass


@pytest.mark.parametrize(
    ("kind", "content_type", "begin"),
    [
        ("html", "text/html; charset=utf-8", "<!doctype html>"),
        ("garbage", "application/json", '{"unexpected"'),
        ("half_json", "application/json", "[{"),
    ],
)
def test_useless_answers_are_200(
    site: EmulatedSite, client: httpx.Client, kind: str, content_type: str, begin: str
) -> None:
    fails(site, kind)

    answer = client.get(PATH)

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.text.startswith(begin)


def test_a_huge_body_does_not_end(site: EmulatedSite, client: httpx.Client) -> None:
    fails(site, "huge")

    read = 0
    with client.stream("GET", PATH) as answer:
        for piece in answer.iter_raw():
            read += len(piece)
            if read > 20_000_000:
                break

    assert read > 20_000_000


def test_a_late_answer_is_a_good_one(site: EmulatedSite, client: httpx.Client) -> None:
    fails(site, "latency:ms=30")
    before = monotonic()

    answer = client.get(PATH)

    assert answer.json()["issuer"]
    assert monotonic() - before >= 0.03


def test_a_head_request_survives_every_fault_but_the_loss_of_the_connection(
    site: EmulatedSite, client: httpx.Client
) -> None:
    for kind in ("500", "html", "garbage", "half_json", "slow"):
        fails(site, kind)
        assert client.head(PATH).content == b""


def test_other_services_go_on(site: EmulatedSite, client: httpx.Client) -> None:
    for service in (Service.WALDUR, Service.HPC_USER):
        site.faults.set(service, Fault(kind=FaultKind.RESET))

    assert client.get(PATH).status_code == 200


async def test_faults_that_break_a_connection_need_a_server_of_ours() -> None:
    site = EmulatedSite(rows=[])
    fails(site, "reset")
    transport = httpx.ASGITransport(site.app)

    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        with pytest.raises(RuntimeError, match="the emulator's own server"):
            await client.get(PATH)
