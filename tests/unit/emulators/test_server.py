"""The server of emulators: it is there at once and gone at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
import pytest

from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.server import EmulatorServer
from cscs_fakes.emulators.site import EmulatedSite
from tests.emulated import running_site

PATH = "/realms/cscs/.well-known/openid-configuration"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10, trust_env=False) as made:
        yield made


def test_it_answers_as_soon_as_its_address_is_known(client: httpx.Client) -> None:
    with running_site(rows=[]) as site:
        found = client.get(site.url + PATH).json()

        assert found["issuer"] == site.oidc.issuer == f"{site.url}/realms/cscs"


def test_its_port_is_free_again_when_it_has_ended() -> None:
    with running_site(rows=[]) as site:
        place = urlsplit(site.url)

    with closing(socket.socket()) as connection:
        assert connection.connect_ex((str(place.hostname), place.port or 0)) != 0


def test_a_request_that_hangs_and_a_connection_that_idles_do_not_keep_it(
    client: httpx.Client,
) -> None:
    with ThreadPoolExecutor(1) as background:
        with running_site(rows=[]) as site:
            client.get(site.url + PATH)
            site.faults.set("oidc", Fault(kind=FaultKind.HANG))
            hanging = background.submit(httpx.get, site.url + PATH, timeout=30, trust_env=False)
            deadline = monotonic() + 10
            while site.log.count("oidc") < 2:
                assert monotonic() < deadline
                sleep(0.005)

        assert isinstance(hanging.exception(timeout=10), httpx.TransportError)


def test_it_may_be_stopped_before_it_runs() -> None:
    site = EmulatedSite(rows=[])
    server = EmulatorServer(site.app, let_go=site.faults.let_go)
    server.stop()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        thread.join(10)

    assert not thread.is_alive()


async def test_what_is_no_request_is_passed_over() -> None:
    async def never(*_: object) -> dict[str, object]:
        raise AssertionError

    assert await EmulatedSite(rows=[]).app({"type": "lifespan"}, never, never) is None  # type: ignore[func-returns-value,arg-type]


def test_elsewhere_it_says_what_is_where(client: httpx.Client) -> None:
    with running_site(rows=[]) as site:
        answer = client.get(f"{site.url}/nowhere")

    assert answer.status_code == 404
    assert {"/api/", "/hpc-user/", "/realms/", "/_emulator/"} <= set(answer.json()["places"])
