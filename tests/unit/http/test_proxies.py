"""Ways through real proxies: microsocks for SOCKS5, Dante for SOCKS4, tinyproxy for HTTP."""

from __future__ import annotations

import gc
import getpass
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from cscs_http.errors import NoAnswerError
from tests.raw_server import answer, raw_server
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio

START_SECONDS: Final = 20
PASSWORD: Final = "pass-w0rd"
DANTE: Final = """\
logoutput: {log}
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: {user}
user.unprivileged: {user}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 proxyprotocol: socks_v4 }}
"""
TINYPROXY: Final = "Port {port}\nListen 127.0.0.1\nTimeout 30\nAllow 127.0.0.1\nLogLevel Critical\n"


@contextmanager
def running(port: int, *command: str | Path) -> Iterator[None]:
    """Run a proxy until somebody can connect to it, and end it afterwards."""
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    pytest.fail("the proxy did not start")


def found(program: str, package: str) -> str:
    """The program, or leave the test out."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/bin:/usr/local/bin")
    return path or pytest.skip(f"{program} is not installed (Debian package {package})")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def socks5() -> Iterator[str]:
    port = free_port()
    with running(port, found("microsocks", "microsocks"), "-i", "127.0.0.1", "-p", str(port)):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def socks5_with_password() -> Iterator[str]:
    port = free_port()
    login = ("-u", "me", "-P", PASSWORD)
    command = found("microsocks", "microsocks")
    with running(port, command, "-i", "127.0.0.1", "-p", str(port), *login):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def socks4(tmp_path: Path) -> Iterator[str]:
    """A server that speaks version 4 of the protocol and no other."""
    port, config = free_port(), tmp_path / "danted.conf"
    config.write_text(DANTE.format(port=port, user=getpass.getuser(), log=tmp_path / "log"))
    with running(port, found("danted", "dante-server"), "-f", config, "-p", tmp_path / "pid"):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def http_proxy(tmp_path: Path) -> Iterator[str]:
    port, config = free_port(), tmp_path / "tinyproxy.conf"
    config.write_text(TINYPROXY.format(port=port))
    with running(port, found("tinyproxy", "tinyproxy-bin"), "-d", "-c", config):
        yield f"127.0.0.1:{port}"


async def _is_passed_on(proxy: str) -> None:
    async with raw_server(answer(200, 7)) as server:
        async with service_at(server.url, proxy=lambda: proxy) as watched:
            assert (await watched.service.get("things/")).json() == 7
        assert len(server.requests) == 1


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_requests_go_through_socks5(socks5: str, scheme: str) -> None:
    await _is_passed_on(f"{scheme}://{socks5}")


async def test_a_socks5_server_may_want_a_password(socks5_with_password: str) -> None:
    await _is_passed_on(f"socks5://me:{PASSWORD}@{socks5_with_password}")


async def test_requests_go_through_socks4(socks4: str) -> None:
    await _is_passed_on(f"socks4://{socks4}")


async def test_requests_go_through_an_http_proxy(http_proxy: str) -> None:
    await _is_passed_on(f"http://{http_proxy}")


async def test_nothing_goes_around_a_proxy_that_refuses(socks5_with_password: str) -> None:
    # httpx leaves the sockets of a refused log-in to the collector.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        told = await _refusal(f"socks5://me:wrong-{PASSWORD}@{socks5_with_password}")
        gc.collect()

    assert PASSWORD not in told


async def _refusal(proxy: str) -> str:
    async with raw_server(answer(200, 7)) as server:
        async with service_at(server.url, proxy=lambda: proxy) as watched:
            with pytest.raises(NoAnswerError) as caught:
                await watched.service.get("things/")

        assert server.requests == []
    return repr(caught.value)


@pytest.mark.parametrize("scheme", ["socks4", "socks5", "http"])
async def test_nothing_goes_around_a_proxy_that_is_not_there(scheme: str) -> None:
    async with raw_server(answer(200, 7)) as server:
        proxy = f"{scheme}://me:{PASSWORD}@127.0.0.1:{free_port()}"
        async with service_at(server.url, proxy=lambda: proxy) as watched:
            with pytest.raises(NoAnswerError) as caught:
                await watched.service.get("things/")

        assert server.requests == []
    assert PASSWORD not in f"{caught.value!r}"


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration says is what happens."""
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    async with raw_server(answer(200, 7)) as server, service_at(server.url) as watched:
        assert (await watched.service.get("things/")).json() == 7
