"""The processes that take part: the emulated upstreams, our server, and the load generator."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

CLIENTS: Final = 16
_PATIENCE: Final = 600


@attrs.frozen
class Upstreams:
    """`cscs emulate` in a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def control(self, path: str, **arguments: object) -> Any:
        """Call one of its controls."""
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", body, method="POST")
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            return json.load(answer)["result"]


@contextmanager
def upstreams(config: Path, *options: str) -> Iterator[Upstreams]:
    """Start the emulator and let it write the configuration."""
    command = [sys.executable, "-m", "cscs_cli", "emulate", "--port", "0", *options]
    process = subprocess.Popen(
        [*command, "--write-config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield Upstreams(_found(r"http://[^\s/]+", line), process)
    finally:
        _end(process)


@attrs.frozen
class Server:
    """Our server in a process of its own. `log` has its access lines."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def peak_mb(self) -> float:
        """The largest resident memory so far; NaN where nobody tells."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return float("nan")
        return int(_found(r"VmHWM:\s+(\d+) kB", status.read_text())) / 1024

    def get(self, path: str, headers: Mapping[str, str] = {}) -> bytes:
        """One answer."""
        request = urllib.request.Request(self.url + path, headers=dict(headers))
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            body: bytes = answer.read()
            return body


@contextmanager
def server(config: Path, **variables: str) -> Iterator[Server]:
    """Start the server and wait until it is alive."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **variables,
        "WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH": str(config),
        "CSCS_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "uvicorn", "cscs_api.main:app", "--no-access-log"]
    log = config.with_name("server.log")
    with log.open("wb") as out:
        process = subprocess.Popen([*command, "--port", str(port)], env=environment, stderr=out)
    running = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait_until_alive(running)
        yield running
    finally:
        _end(process)


def _wait_until_alive(running: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            running.get("/healthz")
        except urllib.error.URLError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"the server did not come up:\n{running.log.read_text()}")


def _end(process: subprocess.Popen[Any]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(60)


@attrs.frozen
class Load:
    """What a load generator saw."""

    per_second: float
    median_ms: float


def wrk(url: str, seconds: int, headers: Mapping[str, str] = {}) -> Load:
    """Load with wrk in a process of its own: 16 connections, one thread."""
    if shutil.which("wrk") is None:
        raise SystemExit("this part needs wrk (apt install wrk)")
    named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--latency", *named, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"the server did not answer with 200:\n{text}")
    amount, unit = re.findall(r"50%\s+([\d.]+)(us|ms|s)", text)[0]
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    return Load(float(_found(r"Requests/sec:\s+([\d.]+)", text)), float(amount) * scale)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"no {pattern!r} in:\n{text}")
    return match[match.lastindex or 0]
