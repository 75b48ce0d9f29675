"""A PostgreSQL server of a test's own, that can be stopped, killed and started again.

Its files lie in a temporary folder, it listens on a free port of 127.0.0.1 only, and writes to the
disk as it does for its users (`fsync` is on).
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from secrets import token_hex
from time import monotonic, sleep
from typing import Any, Final

import attrs
import psycopg
import pytest

from tests.e2e.free_port import free_port

FAST: Final = signal.SIGINT
"""Connections are cut off, transactions are rolled back, and what is there is written out."""
IMMEDIATE: Final = signal.SIGQUIT
"""As if the power failed: the next start recovers from the log of transactions."""

_USER: Final = "postgres"
_ACCOUNTS: Final = ("postgres", "nobody")
"""Whom a server of root's runs as, the first that there is: it refuses to run as root."""
_PATIENCE: Final = 60
"""Seconds after which a server is taken for hung. Nothing waits for this long on purpose."""
_POLL_SECONDS: Final = 0.02
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


@attrs.define(eq=False)
class PostgresCluster:
    """A server with its data in `folder`. `account` is whom it runs as, None for our own."""

    programs: Path
    folder: Path
    account: pwd.struct_passwd | None
    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers; a crash is recovered from before that."""
        deadline = monotonic() + _PATIENCE
        while not self._answers():
            # Whoever starts too soon after a kill meets those who have not noticed it yet.
            if not self.is_running:
                self._launch()
            assert monotonic() < deadline, f"PostgreSQL does not start:\n{self.log}"
            sleep(_POLL_SECONDS)

    def stop(self, how: signal.Signals = FAST) -> None:
        """Stop it, and wait for the end."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """Kill its first process; the others end when they notice."""
        self.stop(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let all its processes stand still: connections stay, and nothing is answered."""
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        processes = [first, *map(int, children.split())]
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        """A new database, a copy of another; yield its address. It is gone in the end."""
        name = self.add_database(like)
        try:
            yield self.url(name)
        finally:
            self.start()
            self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    def add_database(self, like: str = "template1") -> str:
        """Make a database that stays; return its name."""
        name = f"events_{token_hex(6)}"
        self._tell(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name

    def _tell(self, statement: str) -> None:
        with psycopg.connect(self.url(_USER), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        if not self.is_running:
            return False
        try:
            psycopg.connect(self.url(_USER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _launch(self) -> None:
        options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = self._popen(
                *("postgres", "-D", str(self.folder / "data"), f"--port={self.port}", *options),
                output=log,
            )

    def make(self) -> None:
        """Make the files of a new cluster."""
        with (self.folder / "log").open("ab") as log:
            process = self._popen(
                *("initdb", "--pgdata", str(self.folder / "data"), "--username", _USER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
                output=log,
            )
            code = process.wait(_PATIENCE)
        assert code == 0, self.log

    def _popen(self, program: str, *arguments: str, output: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self.programs / program), *arguments],
            env={"PATH": str(self.programs), "LC_ALL": "C"},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=None if self.account is None else self.account.pw_uid,
            group=None if self.account is None else self.account.pw_gid,
            extra_groups=None if self.account is None else [],
            # Ctrl-C in the terminal of the tests is none of its business.
            start_new_session=True,
        )


@contextmanager
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A running server; the test is left out where PostgreSQL is not installed."""
    programs = _programs()
    account = _account()
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        if account is not None:
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        cluster = PostgresCluster(programs, folder, account, free_port())
        cluster.make()
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop(IMMEDIATE)


@contextmanager
def shared_cluster() -> Iterator[PostgresCluster]:
    """The run's own server, which is running; tests take a database of their own in it."""
    cluster = _started_once()
    cluster.start()
    yield cluster


@cache
def _started_once() -> PostgresCluster:
    stack = ExitStack()
    cluster = stack.enter_context(postgres_cluster())
    atexit.register(stack.close)
    return cluster


def _signal(processes: Sequence[int], how: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, how)


def _programs() -> Path:
    """Where the newest server is; distributions keep it out of the search path."""
    found = [Path(each).parent for each in [shutil.which("postgres")] if each is not None]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in found:
        if all((folder / program).exists() for program in ("postgres", "initdb")):
            return folder
    pytest.skip("no PostgreSQL server is installed (Debian package postgresql)")


def _version(folder: Path) -> int:
    number = re.match(r"\d+", folder.parent.name)
    return int(number[0]) if number else 0


def _account() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("root has no other account to run PostgreSQL as")
