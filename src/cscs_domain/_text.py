"""Showing somebody's data in our sentences without letting it forge any."""

from __future__ import annotations

_LONGEST = 80


def shown(value: object) -> str:
    """A short, printable, ASCII form of any value: quoted, escaped and cut to 80 characters.

    Upstream text is data: a newline or an escape code in a slug must not reach a log or a
    terminal as such.
    """
    text = value if isinstance(value, str) else type(value).__name__ + " " + _repr(value)
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return ascii(cut)


def _repr(value: object) -> str:
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return f"of {len(value)}"
    if isinstance(value, int) and value.bit_length() > _LONGEST * 3:
        # Python refuses to write integers of some thousands of digits.
        return f"of {value.bit_length()} bits"
    return repr(value)[: _LONGEST + 1]


def is_encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8: lone surrogates, legal in JSON, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
