"""Progress for whoever waits: bars on a terminal, lines of log anywhere else."""

import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from cscs_cli.progress_display import progress_display
from cscs_domain.progress import Stage
from cscs_fakes.clock import FixedClock

SECOND = timedelta(seconds=1)


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 21, tzinfo=UTC))


def test_a_log_has_a_line_every_five_seconds(clock: FixedClock) -> None:
    """And none for what takes less: a timer's mail should be about what matters."""
    with capture_logs() as lines, progress_display(clock, io.StringIO()) as tell:
        for done in range(12):  # one a second
            tell(Stage.READING, 100 * done, 1200)
            clock.advance(SECOND)
        tell(Stage.LOOKING_UP, 0, 40)
        clock.advance(3 * SECOND)
        tell(Stage.LOOKING_UP, 40, 40)
        tell(Stage.BUILDING, 100, None)

    assert [(line["stage"], line["done"], line["total"]) for line in lines] == [
        ("reading resources", 500, 1200),
        ("reading resources", 1000, 1200),
        ("looking up Unix ids", 40, 40),
    ]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    # What a terminal can do is read from variables; these say nothing special.
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_a_terminal_has_a_bar_for_each_stage_and_no_lines_of_log(
    clock: FixedClock, terminal: Terminal
) -> None:
    with capture_logs() as lines, progress_display(clock, terminal) as tell:
        tell(Stage.READING, 300, 1200)
        tell(Stage.READING, 600, 900)
        tell(Stage.BUILDING, 100, None)
        tell(Stage.BUILDING, 250, None)
        tell(Stage.WRITING, 0, 250)

    shown = terminal.getvalue()
    assert lines == []
    assert [name for name in Stage if name.value in shown] == [
        Stage.READING,
        Stage.BUILDING,
        Stage.WRITING,
    ]
    assert "250/250" in shown


def test_bars_leave_nothing_on_the_terminal(clock: FixedClock, terminal: Terminal) -> None:
    hide, show = "\x1b[?25l", "\x1b[?25h"
    with progress_display(clock, terminal) as tell:
        tell(Stage.READING, 1, 2)

    shown = terminal.getvalue()
    assert (shown.count(hide), shown.count(show)) == (1, 1)
    assert shown.endswith("\x1b[2K")  # the last thing is that a line is wiped


def test_an_interrupt_gives_the_terminal_back(clock: FixedClock, terminal: Terminal) -> None:
    with suppress(KeyboardInterrupt), progress_display(clock, terminal) as tell:
        tell(Stage.READING, 1, 2)
        raise KeyboardInterrupt

    assert terminal.getvalue().count("\x1b[?25h") == 1
