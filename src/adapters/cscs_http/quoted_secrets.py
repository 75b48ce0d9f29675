"""Whether a text that came from outside has a part of a secret in it."""

from __future__ import annotations

from typing import Final

_PIECE: Final = 6
_STEP: Final = 3
"""Pieces of six characters at every third place: eight characters in a row are always noticed."""


def quotes(secret: str, text: str) -> bool:
    """Whether eight characters in a row of the secret, in whatever case, stand in the text.

    Fewer could be a coincidence. A secret of less than eight characters is noticed as a whole.

    >>> quotes("0123456789abcdef", "your token ...56789ABC... is not known")
    True
    """
    if not secret.strip():
        return False
    known, said = secret.casefold(), text.casefold()
    if len(known) < _PIECE + _STEP - 1:
        return known in said
    starts = range(0, len(known) - _PIECE + 1, _STEP)
    return any(known[start : start + _PIECE] in said for start in starts)
