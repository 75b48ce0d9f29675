"""Pages per second from a warm snapshot: the real server and the load in processes of their own.

The load is wrk where it is installed; else a small Python client, which then measures itself as
much as the server and says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from bench.site import make_site

BAR: Final = 3000
_CLIENTS: Final = 16
_SECONDS: Final = 8
_PATH: Final = "/api/storage-resources/?page_size=100&page={page}"
_CONFIG: Final = """\
storage_systems: {capstor: capstor, vast: vast, iopsstor: iopsstor}
adapters:
  waldur: {kind: file, path: waldur.json}
  hpc_user: {kind: file, path: identities.json}
auth: {disable_auth: true}
callback_base_url: https://waldur.example.com/api/
snapshot_max_age: 3600
log_format: json
"""


@attrs.frozen
class Result:
    """One size."""

    resources: int
    first_answer_s: float
    pages_per_s: float
    median_ms: float
    resident_mb: float
    load: str


def measure(resources: int) -> Result:
    """Start the server over files, warm it up, load it."""
    with tempfile.TemporaryDirectory() as folder:
        config = _write_site(Path(folder), resources)
        with _server(config) as (url, process):
            began = time.perf_counter()
            _get(url + _PATH.format(page=1))
            first = time.perf_counter() - began
            rate, median, load = _load(url + _PATH.format(page=max(1, resources // 200)))
            return Result(resources, first, rate, median, _resident_mb(process.pid), load)


def _write_site(folder: Path, resources: int) -> Path:
    site = make_site(resources)
    rows = b",".join(page[1:-1] for page in site.pages)
    (folder / "waldur.json").write_bytes(b"[" + rows + b"]")
    users = [
        {
            "posixName": user.username,
            "unixUid": user.uid,
            "email": user.email,
            "primaryProject": {"posixName": user.primary_project, "unixGid": user.primary_gid},
        }
        for user in site.users.values()
    ]
    identities = {"projects": dict(site.gids), "users": users}
    (folder / "identities.json").write_text(json.dumps(identities))
    (folder / "config.yaml").write_text(_CONFIG)
    return folder / "config.yaml"


@contextmanager
def _server(config: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH": str(config)}
    command = [sys.executable, "-m", "uvicorn", "cscs_api.main:app", "--no-access-log"]
    with (config.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--log-level", "warning", "--port", str(port)], env=environment, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_alive(url, process)
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_alive(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _get(f"{url}/healthz")
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not come up; see its log")


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=300) as answer:
        body: bytes = answer.read()
        return body


def _load(url: str) -> tuple[float, float, str]:
    if shutil.which("wrk") is None:
        rate, median = asyncio.run(_python_load(url))
        return rate, median, "a Python client (measures itself too)"
    command = ["wrk", "-t1", f"-c{_CLIENTS}", f"-d{_SECONDS}s", "--latency", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"the server did not answer with 200:\n{text}")
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", text)[0])
    amount, unit = _found(r"50%\s+([\d.]+)(us|ms|s)", text)
    return rate, float(amount) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit], "wrk"


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk printed no {pattern!r}:\n{text}")
    return match.groups()


async def _python_load(url: str) -> tuple[float, float]:
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    request = f"GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
    deadline = time.perf_counter() + _SECONDS
    times: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(name, int(port))
        while (began := time.perf_counter()) < deadline:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(_found(r"content-length: (\d+)", head.decode("latin-1"))[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    times.sort()
    return len(times) / _SECONDS, times[len(times) // 2] * 1000


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    return int(_found(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024


def report(sizes: tuple[int, ...]) -> None:
    """Measure and print a table."""
    print(f"Pages of 100 rows from a warm snapshot, {_CLIENTS} clients, access line on, no tokens")
    print(f"{'resources':>10} {'first s':>8} {'pages/s':>8} {'median ms':>10} {'peak MB':>8}  load")
    for size in sizes:
        r = measure(size)
        print(
            f"{r.resources:>10} {r.first_answer_s:>8.2f} {r.pages_per_s:>8.0f}"
            f" {r.median_ms:>10.2f} {r.resident_mb:>8.0f}  {r.load}",
            flush=True,
        )
