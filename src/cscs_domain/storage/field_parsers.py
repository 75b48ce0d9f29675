"""How single members of a Waldur row are read. Every function takes anything and is total.

It returns a value of the domain; if there is none to be believed, it adds a `Fault` to the list
that it was given and returns a stand-in of the right type, which nobody will see: a row with
faults is told all of them and becomes no resource.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode
from cscs_domain.quantities import parse_quantity
from cscs_domain.storage.quotas import NO_OVERRIDES, QuotaOverrides

LARGEST_TB: Final = Decimal(10) ** 12
NO_UUID: Final = UUID(int=0)
NO_MEMBERS: Final[Mapping[str, object]] = {}

_OVERRIDES: Final = frozenset(
    {"soft_quota_space", "hard_quota_space", "soft_quota_inodes", "hard_quota_inodes"}
)
_OLD_SERVER: Final = "Mastermind before version 8 does not send slugs; upgrade it."
# Stricter than UUID(), which also takes braces, underscores and dashes anywhere.
_UUID: Final = re.compile(
    "[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII
)


@attrs.frozen
class Fault:
    """Why one member of one row cannot be believed."""

    code: ProblemCode
    message: str
    hint: str = ""


Faults: TypeAlias = list[Fault]


def malformed(member: str, value: object, expected: str) -> Fault:
    """The fault of a member with the wrong type or form."""
    return Fault(ProblemCode.MALFORMED_RECORD, f"{member} is {shown(value)}, not {expected}")


def missing(member: str) -> Fault:
    """The fault of a member that is needed and absent, null or empty."""
    hint = _OLD_SERVER if member.endswith("_slug") else ""
    return Fault(ProblemCode.MISSING_FIELD, f"{member} is missing", hint)


def required_text(value: object, member: str, faults: Faults) -> str:
    """A non-empty text."""
    if isinstance(value, str) and value and value.isascii():
        return value  # as nearly always
    if value is None or value == "":
        faults.append(missing(member))
        return ""
    return optional_text(value, member, faults)


def optional_text(value: object, member: str, faults: Faults) -> str:
    """A text, "" for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        if is_encodable(value):
            return value
        faults.append(malformed(member, value, "valid Unicode"))
    else:
        faults.append(malformed(member, value, "text"))
    return ""


def required_uuid(value: object, member: str, faults: Faults) -> UUID:
    """A uuid with or without dashes."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        return UUID(int=int(value.replace("-", ""), 16))
    if isinstance(value, UUID):
        return value
    faults.append(
        missing(member) if value is None or value == "" else malformed(member, value, "a uuid")
    )
    return NO_UUID


def optional_uuid(value: object, member: str, faults: Faults) -> UUID | None:
    """A uuid, None for none."""
    return None if value is None or value == "" else required_uuid(value, member, faults)


def mapping(value: object, member: str, faults: Faults) -> Mapping[str, object]:
    """An object, empty for none."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Mapping):
        return value
    if value is not None:
        faults.append(malformed(member, value, "an object"))
    return NO_MEMBERS


def quantity(source: Mapping[str, object], key: str, member: str, faults: Faults) -> Decimal | None:
    """A number up to 10^12 out of `source[key]`; None for absent, null and blank text."""
    number = _number(source.get(key), key, member, faults)
    if number is not None and number > LARGEST_TB:
        faults.append(malformed(f"{member}.{key}", source.get(key), "10^12 at most"))
    return number


def whole(source: Mapping[str, object], key: str, member: str, faults: Faults) -> int | None:
    """As `quantity` up to 10^18, rounded down to a whole number ("10000.0" is 10000)."""
    number = _number(source.get(key), key, member, faults)
    return None if number is None else int(number)


def _number(value: object, key: str, member: str, faults: Faults) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return _shared_quantity(value)
    except (InvalidValueError, TypeError):  # TypeError: a list or object, which no cache can hold
        faults.append(malformed(f"{member}.{key}", value, "a usable number of 0 or more"))
        return None


# Sites sell few sizes, so most limits repeat. Typed, for 1 == True must not make true a number.
_shared_quantity = lru_cache(maxsize=1 << 12, typed=True)(parse_quantity)


def quota_overrides(value: object, member: str, faults: Faults) -> QuotaOverrides:
    """The four administrative overrides out of an options object."""
    options = mapping(value, member, faults)
    if _OVERRIDES.isdisjoint(options):
        return NO_OVERRIDES
    return QuotaOverrides(
        space_soft_tb=quantity(options, "soft_quota_space", member, faults),
        space_hard_tb=quantity(options, "hard_quota_space", member, faults),
        inodes_soft=whole(options, "soft_quota_inodes", member, faults),
        inodes_hard=whole(options, "hard_quota_inodes", member, faults),
    )
