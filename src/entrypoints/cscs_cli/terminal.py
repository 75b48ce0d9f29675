"""Writing to a terminal, a pipe or a file: plain and whole unless a person is looking.

Upstream text is data. `visible` is the way it takes onto a terminal, as rich `Text` and never as
markup, so that a name can neither colour our lines nor move the cursor.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

_UNLIMITED = 1_000_000
"""Columns of something that is not a terminal: nothing is wrapped and nothing is cut."""


def visible(text: str) -> str:
    r"""The text with everything that cannot be seen written as an escape.

    That is control characters, line breaks, and the marks that turn the writing direction.

    >>> print(visible("a\x1b[31mb"))
    a\x1b[31mb
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def visible_lines(text: str) -> str:
    """As `visible`, for our own text of several lines."""
    return "\n".join(map(visible, text.split("\n")))


class OutputLostError(Exception):
    """Output is not taken any more, such as by a disk that is full. The message is for people."""


@contextmanager
def _to_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # its reader wants no more, which is no failure
    except OSError as error:
        forget_output()
        why = error.strerror or type(error).__name__
        raise OutputLostError(
            f"Output cannot be written: {why}. What it was to tell of may be done."
        ) from None


class _Console(Console):
    def print(self, *objects: Any, **how: Any) -> None:
        with _to_output():
            super().print(*objects, **how)

    def on_broken_pipe(self) -> None:
        """Leave it to `main`: rich would exit with a code that means something else here."""
        raise BrokenPipeError


def console(stream: TextIO | None = None) -> Console:
    """Where results go (standard output), with colours and wrapping only on a terminal."""
    made = _Console(file=stream or sys.stdout, markup=False, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = _UNLIMITED
    return made


def say(text: str) -> None:
    """Write our own text to standard output at once."""
    with _to_output():
        sys.stdout.write(f"{visible_lines(text)}\n")
        sys.stdout.flush()


def say_bytes(data: bytes) -> None:
    """Write a document to standard output as it is, whatever the terminal's encoding."""
    say_piece(data + b"\n")


def say_piece(data: bytes) -> None:
    """Write a piece of a document to standard output, with nothing after it."""
    with _to_output():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def finish_output() -> None:
    """See that everything written to standard output is there."""
    with _to_output():
        sys.stdout.flush()


def complain(text: str) -> None:
    """Write sentences to standard error, if it takes them: the exit code tells the rest."""
    with suppress(OSError):
        sys.stderr.write(f"{visible_lines(text)}\n")
        sys.stderr.flush()


def open_closed_streams() -> None:
    """Let what goes to a stream that was closed before the start (`>&-`) go nowhere.

    Python has no object for such a stream; and the next file to be opened would be given its
    number, and whatever is written to that.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the end
            setattr(sys, name, nowhere)


def accept_any_text() -> None:
    """Show an escape where a terminal lacks a letter, instead of failing half-way."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def forget_output() -> None:
    """Stop writing: nobody takes our output any more, and the interpreter would complain."""
    _send_nowhere(sys.stdout)


@contextmanager
def settled_errors() -> Iterator[None]:
    """Forget at the end what standard error has not taken.

    The interpreter would try again, and end with a code of its own.
    """
    try:
        yield
    finally:
        try:
            sys.stderr.flush()
        except OSError:
            _send_nowhere(sys.stderr)


def _send_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
