"""What commands do when nobody takes what they write, as on a disk that is full."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import Settings
from cscs_cli.main import main


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A file on a disk without room."""
    file = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  # closing it may fail
    yield file
    with suppress(OSError):
        file.close()


@pytest.mark.parametrize(
    "command",
    ["storage show --demo", "storage show --demo --json", "config example"],
)
def test_results_that_find_no_room_are_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    full: TextIO,
    command: str,
) -> None:
    monkeypatch.setattr(sys, "stdout", full)

    code = main(command.split())

    told = capsys.readouterr().err
    assert code == 1
    assert "Output cannot be written: No space left on device." in told.splitlines()[-1]


def test_a_mistake_that_cannot_be_told_has_its_exit_code_all_the_same(
    monkeypatch: pytest.MonkeyPatch, full: TextIO
) -> None:
    monkeypatch.setattr(sys, "stderr", full)

    assert main(["storage", "show", "--nonsense"]) == 2


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undo what is set up for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("log", [structlog.get_logger(), logging.getLogger("elsewhere")])
def test_a_log_line_that_finds_no_room_is_lost_without_a_word(
    monkeypatch: pytest.MonkeyPatch, full: TextIO, log: logging.Logger
) -> None:
    monkeypatch.setattr(sys, "stderr", full)
    configure_logs(Settings())

    for _ in range(3):
        log.warning("x" * 10_000)
