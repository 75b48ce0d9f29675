"""Texts for people that go from one program to another: messages, tracebacks, comments."""

from __future__ import annotations

import re
from typing import Final

LONGEST_TEXT: Final = 10_000
"""Characters."""

_CUT: Final = "\n[cut]"
# Line ends and tabs belong into a traceback. What is named here can be stored by no database, or
# would do something to the terminal that shows it.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def bounded_text(text: str) -> str:
    """The text with what cannot be stored escaped, and its end cut off with a mark if too long.

    Never refuses: a failure must not go unreported because of how it was described.

    >>> bounded_text("disk full\\x00")
    'disk full\\\\x00'
    """
    plain = _UNFIT.sub(lambda found: ascii(found[0])[1:-1], text[: LONGEST_TEXT + 1])
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - len(_CUT)] + _CUT
