"""`cscs events …` and `cscs serve` as processes over a database of a test's own.

A server that was killed is started again on the same port, as a service manager would.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import attrs
import httpx

from tests.e2e import cli_process
from tests.e2e.cli_process import Finished, environment
from tests.e2e.events_made import KEY, ZONE, write_directory
from tests.e2e.export_process import COMMAND
from tests.e2e.free_port import free_port
from tests.e2e.postgres_cluster import PostgresCluster, shared_cluster

_PATIENCE: Final = 60
"""Seconds after which a server is taken for hung. Nothing waits for this long on purpose."""
_POLL_SECONDS: Final = 0.02
_SHOWN: Final = 5000
"""Characters of the end of a log."""
_FILE: Final = "events.sqlite3"


@attrs.define(eq=False)
class EventsSite:
    """A folder with a directory of users and projects, and the address of a database."""

    folder: Path
    url: str
    more: dict[str, str] = attrs.field(factory=dict)
    """Variables beyond the usual."""

    @property
    def directory(self) -> Path:
        """The file of users, projects and allocations."""
        return self.folder / "directory.yaml"

    @property
    def file(self) -> Path:
        """The database, if it is one of SQLite."""
        return self.folder / _FILE

    @property
    def variables(self) -> dict[str, str]:
        """Settings of everything that runs here."""
        return {
            "DATABASE_URL": self.url,
            "COLLECTOR_API_KEY": KEY,
            "DISABLE_AUTH": "true",
            "CSCS_SITE_TIMEZONE": ZONE,
            "CSCS_ADAPTERS__DIRECTORY__PATH": str(self.directory),
            **self.more,
        }

    def run(self, *arguments: str | Path, **variables: str) -> Finished:
        """`cscs events` with these arguments, until it ends."""
        return cli_process.run("events", *arguments, **{**self.variables, **variables})

    def done(self, *arguments: str | Path) -> str:
        """What `cscs events` says when it has done this."""
        done = self.run(*arguments)
        assert done.code == 0, done
        return done.out

    @contextmanager
    def server(self) -> Iterator[EventsServer]:
        """A server; it is gone in the end."""
        made = EventsServer(self, free_port())
        made.start()
        try:
            yield made
        finally:
            made.kill()


@attrs.define(eq=False)
class EventsServer:
    """`cscs serve`, which comes and goes."""

    site: EventsSite
    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def _log(self) -> Path:
        return self.site.folder / f"log-{self.port}"

    @property
    def log(self) -> str:
        """What it wrote since it was started for the first time."""
        return self._log.read_text(encoding="utf-8")

    def launch(self) -> None:
        """Start the process without waiting for anything."""
        assert self._process is None or self._process.poll() is not None, "one runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port)],
                env=environment(self.site.variables),
                cwd=self.site.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.launch()
        self.until(self.is_alive)

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something to happen, or fail with the log."""
        deadline = monotonic() + _PATIENCE
        while not happened():
            assert self._running.poll() is None, f"the server has ended:\n{self.log[-_SHOWN:]}"
            assert monotonic() < deadline, f"the server took too long:\n{self.log[-_SHOWN:]}"
            sleep(_POLL_SECONDS)

    def kill(self) -> None:
        """End it at once, as nobody expects."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)

    def stop(self) -> int:
        """Ask it to end, and return how it did."""
        self._running.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """How it ended by itself."""
        return self._running.wait(_PATIENCE)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """The process."""
        return self._running.pid

    # --- asking it

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """One answer, on a connection of its own."""
        with self.client() as client:
            return client.get(path, params=parameters)

    def client(self) -> httpx.Client:
        """A client of this server; close it."""
        # There is no TLS here, and reading certificates takes longer than most answers.
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, verify=False)

    def is_alive(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def is_ready(self) -> bool:
        """Whether it says that it can work."""
        return self.get("/readyz").status_code == 200


def sqlite_url(folder: Path) -> str:
    """A database in a file of a folder."""
    return f"sqlite:///{folder / _FILE}"


def empty_site(folder: Path, url: str, **more: str) -> EventsSite:
    """A site whose database has no tables yet."""
    site = EventsSite(folder, url, more)
    write_directory(site.directory)
    return site


def sqlite_site(folder: Path) -> EventsSite:
    """A site with an empty store in a file of this folder; nothing runs yet."""
    site = empty_site(folder, sqlite_url(folder))
    site.file.write_bytes(_made_once())
    return site


@contextmanager
def postgresql_site(folder: Path) -> Iterator[EventsSite]:
    """A site with an empty store in the run's own PostgreSQL; nothing runs yet."""
    with shared_cluster() as cluster, cluster.database(_made_once_in(cluster)) as url:
        yield empty_site(folder, url)


# Making tables takes a process of its own: once is enough, others begin with a copy.


@cache
def _made_once() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        empty_site(Path(name), sqlite_url(Path(name))).done("init")
        return Path(name, _FILE).read_bytes()


@cache
def _made_once_in(cluster: PostgresCluster) -> str:
    made = cluster.add_database()
    with tempfile.TemporaryDirectory() as name:
        empty_site(Path(name), cluster.url(made)).done("init")
    return made
