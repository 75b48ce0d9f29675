"""Writing to a terminal, a pipe or a file: plain and whole unless a person is looking.

Upstream text is data. `visible` is the way it takes onto a terminal, as rich `Text` and never as
markup, so that a name can neither colour our lines nor move the cursor.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

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


class _Console(Console):
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
    sys.stdout.write(f"{visible_lines(text)}\n")
    sys.stdout.flush()


def say_bytes(data: bytes) -> None:
    """Write a document to standard output as it is, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


def complain(text: str) -> None:
    """Write sentences to standard error."""
    sys.stderr.write(f"{visible_lines(text)}\n")
    sys.stderr.flush()


def accept_any_text() -> None:
    """Show an escape where a terminal lacks a letter, instead of failing half-way."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def forget_output() -> None:
    """Stop writing: the reader of our output has left, and the interpreter would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
