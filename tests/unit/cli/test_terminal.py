"""Nothing that upstream sends may steer a terminal, and nothing may be lost on the way."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from cscs_cli.terminal import console, open_closed_streams, say, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("Zürich 東京", "Zürich 東京"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\r", r"two\nlines\r"),
        ("bell\x07 and \x9b31m", r"bell\x07 and \x9b31m"),
        ("turned\u202eround", r"turned\u202eround"),
        ("half \ud800 letter", r"half \ud800 letter"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_whatever_comes_only_printable_text_goes_out(text: str) -> None:
    assert visible(text).isprintable()


def test_lines_of_our_own_stay_lines() -> None:
    assert visible_lines("one\ntwo\x1b") == "one\ntwo\\x1b"


def test_square_brackets_are_text_and_no_markup() -> None:
    out = io.StringIO()

    console(out).print(Text("[red]name[/red] [link=x]:smile:"))

    assert out.getvalue() == "[red]name[/red] [link=x]:smile:\n"


def test_a_file_gets_long_lines_whole() -> None:
    out = io.StringIO()
    line = "word " * 5_000 + "end"

    console(out).print(Text(line))

    assert out.getvalue() == f"{line}\n"


def test_a_reader_that_leaves_is_not_taken_for_an_upstream_failure() -> None:
    class ClosedPipe(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        console(ClosedPipe()).print("text")


def test_what_goes_to_a_closed_stream_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `>&-`, for which Python has None."""
    monkeypatch.setattr(sys, "stdout", None)

    open_closed_streams()

    say("nobody reads this")
    sys.stdout.close()
