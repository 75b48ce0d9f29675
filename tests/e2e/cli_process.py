"""The real command as a process of its own, in an environment that holds nothing of this one's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

_PYTHON: Final = (sys.executable, "-W", "error", "-m")
_COMMAND: Final = (*_PYTHON, "cscs_cli")
_SYNC: Final = (*_PYTHON, "cscs_cli.sync_script")
_PATIENCE: Final = 60
"""Seconds after which a process is taken for hung. Nothing waits for this long on purpose."""


@attrs.frozen
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> bytes:
        """Standard output as it was written."""
        return self.out.encode()


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What the command sees: a search path, UTF-8, and what a test sets."""
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONUTF8": "1", **more}


def run(*arguments: str | Path, **variables: str) -> Finished:
    """Run `cscs` with these arguments and variables until it ends."""
    return _finished(_COMMAND, arguments, variables)


def sync(*arguments: str | Path, **variables: str) -> Finished:
    """Run `waldur_cscs_storage_sync` with these arguments and variables until it ends."""
    return _finished(_SYNC, arguments, variables)


def _finished(
    command: Sequence[str], arguments: Iterable[str | Path], variables: Mapping[str, str]
) -> Finished:
    done = subprocess.run(
        [*command, *map(str, arguments)],
        env=environment(variables),
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@attrs.define
class Running:
    """A server that says that it listens."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def stop(self, how: signal.Signals = signal.SIGTERM) -> Finished:
        """Send a signal and wait for the end."""
        self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=_PATIENCE)
        return Finished(self.process.returncode, out, self.log.read_text(encoding="utf-8"))


@contextmanager
def serving(*arguments: str | Path, **variables: str) -> Iterator[Running]:
    """Run `cscs serve` on a free port; yield when its first line has told the address."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [*_COMMAND, "serve", "--port", "0", *map(str, arguments)],
                env=environment(variables),
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            )
        with process:
            try:
                yield Running(process, _address(process, log), log)
            finally:
                process.kill()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """The address in the first line. A process that says nothing is killed, which ends the line."""
    assert process.stdout is not None
    watch = threading.Timer(_PATIENCE, process.kill)
    watch.start()
    try:
        line = process.stdout.readline()
    finally:
        watch.cancel()
    found = re.search(r"http://\S+", line)
    assert found, f"no address in {line!r}; the log: {log.read_text(encoding='utf-8')}"
    return found[0]
