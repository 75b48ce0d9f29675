"""The server over live upstreams: DESIGN section 8, rows 2 to 7.

Upstreams with 20 ms of latency, our server and wrk each have a process of their own; tokens are
checked and the access line is on.
"""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from bench.processes import CLIENTS, Server, Upstreams, server, upstreams, wrk

LATENCY_MS: Final = 20
_SECONDS: Final = 8
_REFRESHES: Final = 4
_PAGE: Final = "/api/storage-resources/?page_size=100&page={page}"
_FRESH: Final = {"cache-control": "no-cache"}


@attrs.frozen(kw_only=True)
class Bar:
    """What is asked for at 10 000 resources, and how the figure is written."""

    name: str
    unit: str
    most: float | None = None
    least: float | None = None
    places: int = 0

    def verdict(self, value: float, resources: int) -> str:
        """Whether it is reached, where something is asked for."""
        if resources != 10_000 or (self.most is None and self.least is None):
            return ""
        is_reached = (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )
        return "ok" if is_reached else "MISSED"


BARS: Final = {
    "first_s": Bar(name="first answer, cold", unit="s", most=1.5, places=2),
    "refresh_s": Bar(name="refresh, ids known", unit="s", places=2),
    "stall_ms": Bar(name="longest stall of the loop while refreshing", unit="ms", most=100),
    "pages_s": Bar(name="pages of 100 rows, 16 clients", unit="/s", least=3000),
    "busy_pages_s": Bar(name="the same while refreshing all the time", unit="/s"),
    "peak_mb": Bar(name="peak resident memory of all that", unit="MB", most=150),
    "cold_lookups": Bar(name="look-ups of GIDs, cold", unit=""),
    "needed_lookups": Bar(name="... a hundred projects each", unit=""),
    "warm_lookups": Bar(name="look-ups of GIDs, warm", unit="", most=0),
}


def measure(resources: int) -> dict[str, float]:
    """All figures for one size, by the names in `BARS`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yaml")
        options = ("--resources", str(resources), "--latency", str(LATENCY_MS))
        with upstreams(config, *options) as up:
            _without_users(config)
            token = {"authorization": f"Bearer {up.control('oidc/mint', claims=_caller())}"}
            up.control("requests/forget")
            with server(config, CSCS_SNAPSHOT_MAX_AGE="3600") as ours:
                return _measure(up, ours, token, resources)


def _without_users(config: Path) -> None:
    """Look up GIDs only: what is compared with has no endpoint for users, and asks nobody."""
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if "user_path_template" not in line))


def _caller() -> dict[str, object]:
    return {"exp": int(time.time()) + 3600}


def _measure(
    up: Upstreams, ours: Server, token: dict[str, str], resources: int
) -> dict[str, float]:
    began = time.perf_counter()
    ours.get(_PAGE.format(page=1), token)
    first = time.perf_counter() - began
    cold = up.control("hpc_user/calls")
    refreshes, stall = _refreshes(ours, token)
    warm = len(up.control("hpc_user/calls")) - len(cold)
    url = ours.url + _PAGE.format(page=max(1, resources // 200))
    quiet = wrk(url, _SECONDS, token)
    with _refreshing(ours, token):
        busy = wrk(url, _SECONDS, token)
    projects = len({slug for call in cold for slug in call["slugs"]})
    return {
        "first_s": max(first, _first_read_s(ours)),
        "refresh_s": min(refreshes),
        "stall_ms": stall * 1000,
        "pages_s": quiet.per_second,
        "busy_pages_s": busy.per_second,
        "peak_mb": ours.peak_mb,
        "cold_lookups": len(cold),
        "needed_lookups": -(-projects // 100),
        "warm_lookups": warm,
    }


def _first_read_s(ours: Server) -> float:
    """How long the first read took: it begins a moment before anybody can ask for its result."""
    for line in ours.log.read_text().splitlines():
        event: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "snapshot_taken":
            return float(event["duration_ms"]) / 1000
    raise RuntimeError(f"the server tells of no snapshot:\n{ours.log.read_text()}")


def _refreshes(ours: Server, token: dict[str, str]) -> tuple[list[float], float]:
    """How long some refreshes took, and the longest that anybody waited for a sign of life."""
    times = []
    with _Pulse(ours) as pulse:
        for _ in range(_REFRESHES):
            began = time.perf_counter()
            ours.get(_PAGE.format(page=1), {**token, **_FRESH})
            times.append(time.perf_counter() - began)
    return times, pulse.longest


@contextmanager
def _refreshing(ours: Server, token: dict[str, str]) -> Iterator[None]:
    """Refresh over and over meanwhile."""
    enough = threading.Event()

    def refresh() -> None:
        while not enough.is_set():
            ours.get(_PAGE.format(page=1), {**token, **_FRESH})

    thread = threading.Thread(target=refresh)
    thread.start()
    yield
    enough.set()
    thread.join()


class _Pulse:
    """Asks /healthz again and again on one connection and keeps the longest wait."""

    def __init__(self, ours: Server) -> None:
        host, _, port = ours.url.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.longest = 0.0

    def __enter__(self) -> _Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
        with socket.create_connection(self._address) as connection:
            while not self._enough.is_set():
                began = time.perf_counter()
                connection.sendall(request)
                connection.recv(65536)
                self.longest = max(self.longest, time.perf_counter() - began)
                time.sleep(0.001)


def report(sizes: tuple[int, ...]) -> None:
    """Measure and print a table."""
    print(
        f"Over live upstreams with {LATENCY_MS} ms of latency, tokens checked, access line on,"
        f" {CLIENTS} clients (bars at 10 000)"
    )
    results = {}
    for size in sizes:
        results[size] = measure(size)
    print(f"{'':<44}" + "".join(f"{size:>16}" for size in sizes) + f"{'bar':>10}")
    for key, bar in BARS.items():
        cells = "".join(
            f"{results[size][key]:>9.{bar.places}f} {bar.verdict(results[size][key], size):<6}"
            for size in sizes
        )
        wanted = f"<= {bar.most:g}" if bar.most is not None else ""
        wanted = f">= {bar.least:g}" if bar.least is not None else wanted
        print(f"{f'{bar.name} {bar.unit}'.strip():<44}{cells}{wanted:>10}", flush=True)
