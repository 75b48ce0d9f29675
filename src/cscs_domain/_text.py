"""Showing somebody's data in our sentences without letting it forge any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

_LONGEST: Final = 80
_LONGEST_TOLD: Final = 400
_MOST_BITS: Final = 256
_HARMLESS: Final = re.compile(r"[A-Za-z0-9._@+\-]+")


def shown(value: object) -> str:
    """A short, printable, ASCII form of any value: text quoted, escaped and cut to 80 characters.

    Upstream text is data: a newline or an escape code in a slug must not reach a log or a
    terminal as such.

    >>> shown("a\\nb"), shown(-5), shown([1, 2])
    ("'a\\\\nb'", '-5', 'a list of 2')
    """
    match value:
        case str():
            return ascii(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
        case int() if value.bit_length() > _MOST_BITS:
            # Python refuses to write integers of some thousands of digits.
            return f"a number of {value.bit_length()} bits"
        case None | bool() | int() | float() | Decimal():
            text = str(value)
            return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        case Mapping():
            return f"an object of {len(value)}"
        case list() | tuple() | set() | frozenset():
            return f"a {type(value).__name__} of {len(value)}"
        case _:
            return f"a {ascii(type(value).__name__)[1:-1]}"


def told(sentence: str) -> str:
    """What a service says about an error, in our own sentence: on one line, escaped, cut late."""
    line = " ".join(sentence[: 4 * _LONGEST_TOLD].split())
    plain = "".join(char if char.isprintable() else shown(char)[1:-1] for char in line)
    return plain if len(plain) <= _LONGEST_TOLD else plain[:_LONGEST_TOLD] + "..."


def some_of(names: Iterable[str], most: int = 5) -> str:
    """The first names of many in their order, and how many more there are.

    >>> some_of(["b", "a", "c"], 2)
    'a, b and 1 more'
    """
    ordered = sorted(names)
    first, left = ", ".join(map(label, ordered[:most])), len(ordered) - most
    return f"{first} and {left} more" if left > 0 else first


def label(value: object) -> str:
    """A name as it is, if it is short and harmless in logs and on terminals, else as `shown`."""
    harmless = isinstance(value, str) and len(value) <= _LONGEST and _HARMLESS.fullmatch(value)
    return str(value) if harmless else shown(value)


def is_encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8: lone surrogates, legal in JSON, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
