"""How many of something there are, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number and the noun, with an `s` unless it is one.

    >>> counted(1, "row"), counted(0, "older document")
    ('1 row', '0 older documents')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
