"""What single members of an event must be, wherever the event comes from.

Each rule returns the fault as the rest of a sentence about the member, None if there is none.
"""

from __future__ import annotations

import re
from typing import Final

from cscs_domain._text import is_encodable
from cscs_domain.events.bounds import LARGEST_COUNT, LONGEST_NAME

UNKEPT: Final = "must hold only characters that can be kept (no NUL, no half of a surrogate pair)"
# Stricter than UUID(), which also takes braces, underscores and dashes anywhere.
_UUID: Final = re.compile(
    "[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII
)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def text_fault(value: object, longest: int, *, may_be_empty: bool = False) -> str | None:
    """Of text that a store is to keep."""
    if not isinstance(value, str):
        return "must be a string"
    if not value and not may_be_empty:
        return "must not be empty"
    if len(value) > longest:
        return f"must be shorter than or equal to {longest} characters"
    return None if can_be_kept(value) else UNKEPT


def name_fault(value: object) -> str | None:
    """Of a source, a scheme or a version, which programs choose and people read in lists."""
    if fault := text_fault(value, LONGEST_NAME):
        return fault
    # Most names are printable, which is quicker to see.
    text = str(value)
    if text.isprintable() or not _CONTROL.search(text):
        return None
    return "must not contain control characters"


def can_be_kept(text: str) -> bool:
    """Whether every store takes the text: PostgreSQL no NUL, UTF-8 no lone surrogates."""
    return "\0" not in text and (text.isascii() or is_encodable(text))


def count_fault(value: object) -> str | None:
    """Of a metric. A fraction is none, not even 3600.0: whoever sends it has not rounded."""
    if not isinstance(value, int) or isinstance(value, bool):
        return "must be an integer number"
    if value < 0:
        return "must not be less than 0"
    return None if value <= LARGEST_COUNT else f"must not be greater than {LARGEST_COUNT}"


def uuid_fault(value: object) -> str | None:
    """Of a uuid in text, with or without dashes."""
    return None if isinstance(value, str) and _UUID.fullmatch(value) else "must be a uuid"
