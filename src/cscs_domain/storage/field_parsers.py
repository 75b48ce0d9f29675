"""How single members of a Waldur row are read: each function takes anything and is total.

It returns a value of the domain or raises `FieldFault` with the problem's code and sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

import attrs

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode
from cscs_domain.quantities import parse_quantity
from cscs_domain.storage.quotas import NO_OVERRIDES, QuotaOverrides

LARGEST_TB: Final = Decimal(10) ** 12
_OLD_SERVER: Final = "Mastermind before version 8 does not send slugs; upgrade it."
# Stricter than UUID(), which also takes braces, underscores and dashes anywhere.
_UUID: Final = re.compile(
    "[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII
)
_EMPTY: Final[Mapping[str, object]] = {}


@attrs.define(slots=False, eq=False)
class FieldFault(Exception):
    """Why one member of one row cannot be believed. Caught by the row's parser."""

    code: ProblemCode
    message: str
    hint: str = ""


def malformed(member: str, value: object, expected: str) -> FieldFault:
    """The fault of a member with the wrong type or form."""
    return FieldFault(ProblemCode.MALFORMED_RECORD, f"{member} is {shown(value)}, not {expected}")


def required_text(value: object, member: str) -> str:
    """A non-empty text."""
    if isinstance(value, str) and value and value.isascii():
        return value  # as nearly always: one call instead of three for ten members a row
    if value is None or value == "":
        hint = _OLD_SERVER if member.endswith("_slug") else ""
        raise FieldFault(ProblemCode.MISSING_FIELD, f"{member} is missing", hint)
    return optional_text(value, member)


def optional_text(value: object, member: str) -> str:
    """A text, "" for none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise malformed(member, value, "text")
    if not is_encodable(value):
        raise malformed(member, value, "valid Unicode")
    return value


def required_uuid(value: object, member: str) -> UUID:
    """A uuid with or without dashes."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(int=int(value.replace("-", ""), 16))
    if isinstance(value, UUID):
        return value
    if value is None or value == "":
        raise FieldFault(ProblemCode.MISSING_FIELD, f"{member} is missing")
    raise malformed(member, value, "a uuid")


def optional_uuid(value: object, member: str) -> UUID | None:
    """A uuid, None for none."""
    return required_uuid(value, member) if value is not None and value != "" else None


def mapping(value: object, member: str) -> Mapping[str, object]:
    """An object, empty for none."""
    if isinstance(value, dict):
        return value
    if value is None:
        return _EMPTY
    if not isinstance(value, Mapping):
        raise malformed(member, value, "an object")
    return value


def quantity(source: Mapping[str, object], key: str, member: str) -> Decimal | None:
    """A number up to 10^12 out of `source[key]`; None for absent, null and blank text."""
    number = _number(source, key, member)
    if number is not None and number > LARGEST_TB:
        raise malformed(f"{member}.{key}", source.get(key), "10^12 at most")
    return number


def whole(source: Mapping[str, object], key: str, member: str) -> int | None:
    """As `quantity` up to 10^18, rounded down to a whole number ("10000.0" is 10000)."""
    number = _number(source, key, member)
    return None if number is None else int(number)


def _number(source: Mapping[str, object], key: str, member: str) -> Decimal | None:
    value = source.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return _shared_quantity(value)
    except (InvalidValueError, TypeError):  # TypeError: a list or object, which no cache can hold
        raise malformed(f"{member}.{key}", value, "a usable number of 0 or more") from None


# Sites sell few sizes, so most limits repeat. Typed, for 1 == True must not make true a number.
_shared_quantity = lru_cache(maxsize=1 << 12, typed=True)(parse_quantity)


def quota_overrides(value: object, member: str) -> QuotaOverrides:
    """The four administrative overrides out of an options object."""
    options = mapping(value, member)
    if not options:
        return NO_OVERRIDES
    return QuotaOverrides(
        space_soft_tb=quantity(options, "soft_quota_space", member),
        space_hard_tb=quantity(options, "hard_quota_space", member),
        inodes_soft=whole(options, "soft_quota_inodes", member),
        inodes_hard=whole(options, "hard_quota_inodes", member),
    )
