"""How far a long piece of work has come: bars on a terminal, lines of log anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, TextIO

import structlog
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Task as RichTask
from rich.text import Text

from cscs_cli.terminal import console
from cscs_domain.ports import Clock
from cscs_domain.progress import Progress as Telling
from cscs_domain.progress import Stage

_LOG: Final = structlog.get_logger("cscs.progress")
_PAUSE: Final = timedelta(seconds=5)
"""Before the first line, and between two."""


@contextmanager
def progress_display(clock: Clock, stream: TextIO | None = None) -> Iterator[Telling]:
    """What to call with progress; it shows on standard error until the end of the context."""
    out = stream or sys.stderr
    if not out.isatty():
        yield ProgressLines(clock)
        return
    # Log lines meanwhile are written above the bars, which are gone at the end.
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        _Count(),
        TimeElapsedColumn(),
        console=console(out),
        transient=True,
        redirect_stdout=False,
    ) as shown:
        yield ProgressBars(shown)


class ProgressBars:
    """One bar a stage; it pulses while nobody knows how much there is. Any thread may call.

    A new stage ends the one before, except for months: the other stages are parts of each.
    """

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._lock = threading.Lock()
        self._bars: dict[Stage, TaskID] = {}

    def __call__(self, stage: Stage, done: int, total: int | None) -> None:
        """Move the bar of this stage."""
        with self._lock:
            if stage not in self._bars:
                self._finish_all()
                self._bars[stage] = self._shown.add_task(stage.value, total=total)
            self._shown.update(self._bars[stage], completed=done, total=total)

    def _finish_all(self) -> None:
        for bar in self._shown.tasks:
            if not bar.finished and bar.id != self._bars.get(Stage.MONTHS):
                self._shown.update(bar.id, total=bar.completed)


class _Count(TextColumn):
    """So many of so many."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: RichTask) -> Text:
        of_all = "" if task.total is None else f"/{int(task.total)}"
        return Text(f"{int(task.completed)}{of_all}")


class ProgressLines:
    """A line every five seconds, so none for what is quickly done. Any thread may call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told = clock.monotonic()

    def __call__(self, stage: Stage, done: int, total: int | None) -> None:
        """Log it, unless the last line was written a moment ago."""
        now = self._clock.monotonic()
        with self._lock:
            if now - self._told < _PAUSE:
                return
            self._told = now
        _LOG.info("progress", stage=stage.value, done=done, total=total)
