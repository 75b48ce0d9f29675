"""`cscs storage export` as a process, watched from outside by what it does to its folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Final

import attrs

from cscs_domain.storage.document_names import DocumentName
from cscs_fakes.waldur_rows import make_gids, make_rows, make_users
from tests.e2e.cli_process import Finished, environment
from tests.emulated import killing_if_it_hangs
from tests.unit.cli.dump_site import dump_site

COMMAND: Final = (sys.executable, "-W", "error", "-m", "cscs_cli")
LOCK: Final = ".cscs-documents.lock"
LINK: Final = "latest.json"

_PATIENCE: Final = 60
"""Seconds after which a process is taken for hung. Nothing waits for this long on purpose."""
_BETWEEN_LOOKS: Final = 0.0005
_UNKNOWN: Final = 40
"""Of so many users, one has no Unix id: some rows are left out, and are listed as problems."""


def large_site(folder: Path, resources: int) -> Path:
    """A dump of so many resources with their ids; returns its configuration."""
    rows = make_rows(resources)
    site = dump_site(folder, rows=rows)
    users = make_users(rows)
    known = {slug: users[slug] for number, slug in enumerate(users, 1) if number % _UNKNOWN}
    ids = {"projects": make_gids(rows), "users": known}
    folder.joinpath("ids.json").write_text(json.dumps(ids), encoding="utf-8")
    return site.config


class Phase(IntEnum):
    """How far an export has come, as far as its folder shows it."""

    STARTING = 0
    READING = 1
    """It holds the lock."""
    WRITING = 2
    """The document grows under a hidden name."""
    LISTED = 3
    """The list of problems is there, the document is not yet."""
    WRITTEN = 4
    """The document is there, the link leads to an older one."""
    LINKED = 5
    """The link leads to the document; older ones are pruned, and results are printed."""
    ENDED = 6


@attrs.define
class ExportProcess:
    """One running export. `seen` is what was in its folder when it began."""

    process: subprocess.Popen[str]
    out: Path
    seen: frozenset[str]

    @property
    def phase(self) -> Phase:
        """How far it is, or was when it was killed."""
        if self.process.poll() is not None and self.process.returncode >= 0:
            return Phase.ENDED
        new = names_in(self.out) - self.seen
        documents = {name for name in new if DocumentName.parse(name)}
        if documents:
            return Phase.LINKED if linked(self.out) in documents else Phase.WRITTEN
        if any(name.endswith(".problems.json") for name in new):
            return Phase.LISTED
        if new - {LOCK}:
            return Phase.WRITING
        return Phase.READING if self._holds_the_lock else Phase.STARTING

    @property
    def _holds_the_lock(self) -> bool:
        lock = self.out / LOCK
        return lock.exists() and lock.read_text().startswith(f"{self.process.pid} ")

    def reach(self, phase: Phase) -> Phase:
        """Wait until it is there, or further."""
        until = monotonic() + _PATIENCE
        while (found := self.phase) < phase and self.process.poll() is None:
            assert monotonic() < until, f"hangs while it is {found.name}"
            if found < Phase.WRITING:  # the later ones are over in no time
                self.give(_BETWEEN_LOOKS)
        return found

    def give(self, seconds: float) -> None:
        """Let it work for about so long, unless it ends before."""
        if seconds < _BETWEEN_LOOKS:  # it would take longer to wait
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def send(self, what: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        self.process.send_signal(what)

    def finish(self) -> Finished:
        """Wait for its end."""
        with killing_if_it_hangs(self.process):
            out, err = self.process.communicate()
        return Finished(self.process.returncode, out, err)


@contextmanager
def exporting(
    config: Path,
    out: Path,
    *options: str,
    within: Sequence[str] = (),
    view: Path | None = None,
) -> Iterator[ExportProcess]:
    """Start an export into this folder, by a command that runs another one if there is such.

    `view` is where the folder is seen from here, if that is another path.
    """
    seen = frozenset(names_in(view or out))
    with subprocess.Popen(
        [*within, *COMMAND, "storage", "export", "--config", config, "--output-dir", out, *options],
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield ExportProcess(process, view or out, seen)
        finally:
            process.kill()


def export(
    config: Path,
    out: Path,
    *options: str,
    within: Sequence[str] = (),
    view: Path | None = None,
) -> Finished:
    """Run an export to its end."""
    with exporting(config, out, *options, within=within, view=view) as running:
        return running.finish()


def timed_export(config: Path, out: Path, *options: str) -> dict[Phase, float]:
    """How many seconds each phase of an undisturbed export takes."""
    moments = [monotonic()]
    with exporting(config, out, *options) as running:
        for phase in list(Phase)[1:]:
            running.reach(phase)
            moments.append(monotonic())
    return {
        phase: end - begin for phase, (begin, end) in zip(Phase, pairwise(moments), strict=False)
    }


def names_in(folder: Path) -> set[str]:
    """Everything that is in a folder, hidden or not."""
    return set(os.listdir(folder))  # noqa: PTH208  # which is quick: some phases are over soon


def linked(folder: Path) -> str | None:
    """What the link leads to."""
    link = folder / LINK
    return link.readlink().name if link.is_symlink() else None


def sentences(err: str) -> list[str]:
    """What standard error has for people, without lines of log."""
    return [line for line in err.splitlines() if not line.startswith("{")]
