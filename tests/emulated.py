"""The emulated site for tests: in a thread of this process, or as the process that users start.

`running_site` gives direct access (`site.waldur`, `site.oidc`, `site.faults`, ...) over a real
socket. `emulator_process` is `cscs emulate`; `shared_process` is one of them for a whole run,
put back to its start for each test.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import attrs
import httpx

from cscs_fakes.emulators.server import EmulatorServer
from cscs_fakes.emulators.site import EmulatedSite

_PATIENCE: Final = 60
"""Seconds after which a process is taken for hung. Nothing waits for this long on purpose."""

Row = Mapping[str, object]


# --- in this process


@contextmanager
def running_site(
    *,
    mode: str = "8.1",
    resources: int = 60,
    accounts: int = 0,
    seed: int = 0,
    rows: Iterable[Row] | None = None,
    projects: Sequence[Row] | None = None,
    users: Sequence[Row] | None = None,
) -> Iterator[EmulatedSite]:
    """Serve a site from a thread with an event loop of its own; `site.url` is its address."""
    site = EmulatedSite(
        mode=mode,
        resources=resources,
        accounts=accounts,
        seed=seed,
        rows=rows,
        projects=projects,
        users=users,
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = EmulatorServer(site.app, let_go=site.faults.let_go)
        # Whoever connects before the loop runs waits in the backlog.
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield site
        finally:
            server.stop()
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "the emulator does not end"


# --- as a process


@attrs.frozen
class Controls:
    """The controls of an emulator in another process; see `cscs_fakes.emulators.control`."""

    client: httpx.Client

    def call(self, part: str, name: str, **arguments: object) -> Any:
        """Call a control and return its result."""
        answer = self.client.post(f"/_emulator/{part}/{name}", json=arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def state(self) -> dict[str, Any]:
        """What there is and what has happened."""
        found: dict[str, Any] = self.client.get("/_emulator/").json()["result"]
        return found

    def reset(self) -> None:
        """Everything as it was at the start."""
        self.call("site", "reset")

    def advance(self, seconds: float) -> None:
        """Let time pass there."""
        self.call("site", "advance", seconds=seconds)

    def add_fault(self, service: str, fault: str) -> None:
        """As in `add_fault("waldur", "503:times=2")`."""
        self.call("faults", "add", service=service, fault=fault)

    def clear_faults(self, service: str | None = None) -> None:
        """Switch faults off, for one service or for all."""
        self.call("faults", "clear", service=service)

    def requests(self, service: str | None = None) -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        found: list[dict[str, Any]] = self.call("requests", "read", service=service)
        return found

    def forget_requests(self) -> None:
        """Count from zero."""
        self.call("requests", "forget")

    def mint(self, claims: Row | None = None, **differences: object) -> str:
        """A token of Anna's with differences (`leave_out`, `header`, `key`)."""
        return str(self.call("oidc", "mint", claims=claims, **differences))

    def rotate(self, *, algorithm: str = "RS256", keep_old: bool = True) -> str:
        """Sign with a new key; return its name."""
        return str(self.call("oidc", "rotate", algorithm=algorithm, keep_old=keep_old))

    def revoke_all(self) -> None:
        """Let issued tokens of clients be refused."""
        self.call("oidc", "revoke_all")

    def set_gid(self, project: str, gid: object) -> None:
        """Give a project this id."""
        self.call("hpc_user", "set_gid", project=project, gid=gid)

    def hpc_user_calls(self) -> list[dict[str, Any]]:
        """Who was asked for."""
        found: list[dict[str, Any]] = self.call("hpc_user", "calls")
        return found

    def put_usage(self, kind: str, period: str, rows: Sequence[object], cluster: str = "") -> None:
        """Let DWDI say these rows of a kind and a month or day."""
        self.call("dwdi", "put", kind=kind, period=period, rows=rows, cluster=cluster)

    def dwdi_calls(self) -> list[dict[str, Any]]:
        """Whose usage was asked for, and of when."""
        found: list[dict[str, Any]] = self.call("dwdi", "calls")
        return found

    def resource(self, uuid: str) -> dict[str, Any]:
        """The state of a resource in Waldur."""
        found: dict[str, Any] = self.call("waldur", "resource", uuid=uuid)
        return found

    def order(self, uuid: str) -> dict[str, Any]:
        """The state of an order in Waldur."""
        found: dict[str, Any] = self.call("waldur", "order", uuid=uuid)
        return found

    def order_create(self, **arguments: object) -> str:
        """Order a resource as a consumer; return the order's uuid."""
        return str(self.call("waldur", "order_create", **arguments))

    def order_update(self, resource_uuid: str, **changes: object) -> str:
        """Order a change (`limits`, `options`); return the order's uuid."""
        return str(self.call("waldur", "order_update", resource_uuid=resource_uuid, **changes))

    def order_terminate(self, resource_uuid: str) -> str:
        """Order the end; return the order's uuid."""
        return str(self.call("waldur", "order_terminate", resource_uuid=resource_uuid))


@attrs.define
class EmulatorProcess:
    """`cscs emulate` that says that it listens. `said` is the first line of its output."""

    process: subprocess.Popen[str]
    said: str
    url: str
    control: Controls

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; return its exit code and what else it said."""
        self.control.client.close()
        self.process.send_signal(how)
        assert self.process.stdout is not None
        # Not by `communicate`, which passes over what has been read ahead with the first line.
        with killing_if_it_hangs(self.process):
            rest = self.process.stdout.read()
            return self.process.wait(), rest


@contextmanager
def killing_if_it_hangs(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process that takes too long, which ends whatever waits for it."""
    watch = threading.Timer(_PATIENCE, process.kill)
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def start_emulator(*options: str) -> EmulatorProcess:
    """Start `cscs emulate` with these options on a free port. Stop it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cscs_cli", "emulate", "--port", "0", *options],
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    with killing_if_it_hangs(process):
        line = process.stdout.readline()
    found = re.search(r"http://[^\s/]+", line)
    if found is None:
        process.kill()
        process.communicate()
        raise AssertionError(f"no address in {line!r}")
    client = httpx.Client(base_url=found[0], timeout=_PATIENCE, trust_env=False)
    return EmulatorProcess(process, line, found[0], Controls(client))


@contextmanager
def emulator_process(*options: str) -> Iterator[EmulatorProcess]:
    """An emulator of a test's own."""
    emulator = start_emulator(*options)
    try:
        yield emulator
    finally:
        _end(emulator)


@contextmanager
def shared_process(*options: str) -> Iterator[EmulatorProcess]:
    """The run's emulator with these options, as if it had just been started."""
    emulator = _started_once(options)
    emulator.control.reset()
    yield emulator


@cache
def _started_once(options: tuple[str, ...]) -> EmulatorProcess:
    emulator = start_emulator(*options)
    atexit.register(_end, emulator)
    return emulator


def _end(emulator: EmulatorProcess) -> None:
    emulator.control.client.close()
    emulator.process.kill()
    with emulator.process:
        pass
