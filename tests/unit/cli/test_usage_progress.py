"""Progress that leaves the terminal while results are printed to it."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from typing import Final

import pytest

from cscs_cli.usage_progress import PausableProgress
from cscs_domain.progress import Stage
from cscs_fakes.clock import FixedClock

CLOCK: Final = FixedClock(datetime(2026, 11, 21, tzinfo=UTC))
WIPED: Final = "\x1b[2K"


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_bars_make_room_and_come_back(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    with PausableProgress(CLOCK, makes_room=True) as progress:
        progress(Stage.FETCHING, 1, 2)
        with progress.paused():
            before = terminal.getvalue()
            terminal.write("A RESULT\n")
        progress(Stage.SUBMITTING, 1, 3)

    after = terminal.getvalue().partition("A RESULT\n")[2]
    assert before.endswith(WIPED)
    assert Stage.SUBMITTING.value in after
    assert after.endswith(WIPED)


def test_bars_stay_where_results_go_elsewhere(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    with PausableProgress(CLOCK, makes_room=False) as progress:
        progress(Stage.FETCHING, 1, 2)
        with progress.paused():
            before = terminal.getvalue()
        assert terminal.getvalue() == before
        assert not before.endswith(WIPED)


def test_a_failure_in_a_pause_gives_the_terminal_back(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    with (
        pytest.raises(ZeroDivisionError),
        PausableProgress(CLOCK, makes_room=True) as progress,
        progress.paused(),
    ):
        raise ZeroDivisionError

    shown = terminal.getvalue()
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")


def test_the_bar_of_months_is_not_ended_by_what_is_done_for_each(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)

    with PausableProgress(CLOCK, makes_room=False) as progress:
        progress(Stage.MONTHS, 3, 24)
        progress(Stage.FETCHING, 1, 2)
        progress(Stage.SUBMITTING, 1, 7)

    last = terminal.getvalue().rpartition(Stage.MONTHS.value)[2]
    assert "3/24" in last
    assert "1/1" in last  # fetching is over
    assert "1/7" in last
