"""Real servers on real sockets: the same command and configuration that an operator uses."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import attrs
import httpx
import pytest

from cscs_bootstrap.wiring import DEMO_CONFIG

START_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.02
_CONFIG_VARIABLE: Final = "WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH"


@attrs.define(eq=False)
class Server:
    """One server process. `log` is what it has written so far."""

    process: subprocess.Popen[bytes]
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def client(self) -> httpx.Client:
        """A client of this server; close it."""
        return httpx.Client(base_url=self.url, timeout=20, trust_env=False)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One answer, on a connection of its own."""
        with self.client() as client:
            return client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def stop(self) -> int:
        """Ask it to end, and return how it did."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_SECONDS)


Serve = Callable[..., Server]


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demonstration's folder, to be changed."""
    return Path(shutil.copytree(DEMO_CONFIG.parent, tmp_path / "demo"))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers of one test; they end with it."""
    running: list[Server] = []

    def start(config: Path, **variables: str) -> Server:
        server = launch(config, tmp_path / f"log-{len(running)}", variables)
        running.append(server)
        _wait_until_alive(server)
        return server

    yield start
    for server in running:
        server.process.kill()
        server.process.wait()


def launch(config: Path, log: Path, variables: Mapping[str, str]) -> Server:
    """Start a server on a free port without waiting for it."""
    port = _free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "cscs_api.main:app", "--port", str(port)],
            env=_environment({_CONFIG_VARIABLE: str(config), **variables}),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return Server(process, f"http://127.0.0.1:{port}", log)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Nothing of this machine's but what Python needs; no settings of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(sys.path[1:])} | dict(variables)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_alive(server: Server) -> None:
    until(lambda: _is_alive(server), server)


def _is_alive(server: Server) -> bool:
    try:
        return server.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def until(happened: Callable[[], bool], server: Server) -> None:
    """Wait for something to happen, or fail with the server's log."""
    deadline = monotonic() + START_SECONDS
    while not happened():
        if server.process.poll() is not None or monotonic() > deadline:
            pytest.fail(f"the server has ended or took too long:\n{server.log}")
        sleep(_POLL_SECONDS)
