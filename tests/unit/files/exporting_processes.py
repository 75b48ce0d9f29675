"""Asking `exporting_child` for exports in other processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.emulated import killing_if_it_hangs

_ROOT: Final = Path(__file__).parents[3]
CHILD: Final = (sys.executable, "-W", "error", "-m", "tests.unit.files.exporting_child")


class Exporters:
    """The running child."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, do: str, **how: object) -> dict[str, Any]:
        """Have a command carried out; raises for a bug in what ran there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with killing_if_it_hangs(self._process):
            print(json.dumps({"do": do, **how}), file=self._process.stdin, flush=True)
            said: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "bug" not in said, said["bug"]
        return said


@contextmanager
def exporters(command: Sequence[str] = CHILD) -> Iterator[Exporters]:
    """A child, ended with the block together with what it was asked to hold."""
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield Exporters(process)
