"""Which values may become a resource's options in Waldur. Source: Waldur contract, section 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError

_MOST_VALUES: Final = 1_000
_DEEPEST: Final = 8
_LONGEST_NAME: Final = 255
_LONGEST_VALUE: Final = 10_000
_LARGEST_EXPONENT: Final = 30
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def checked_options(options: Mapping[str, object]) -> Mapping[str, object]:
    """A copy made of JSON's types: at most 1000 values, 8 levels deep, numbers as int or Decimal.

    Raises `InvalidValueError` for anything else, and for no options at all, since nobody can say
    whether that would clear them.
    """
    if not options:
        raise InvalidValueError("options", shown(options), "name no option")
    return _Copy().of_object(options, 1)


@attrs.define
class _Copy:
    """Copies while there is room, so that a value which contains itself many times ends too."""

    room: int = _MOST_VALUES

    def of_object(self, members: Mapping[str, object], depth: int) -> Mapping[str, object]:
        return {_name(name): self.of(value, depth + 1) for name, value in members.items()}

    def of(self, value: object, depth: int) -> object:
        self.room -= 1
        if self.room < 0 or depth > _DEEPEST:
            raise InvalidValueError(
                "options", shown(value), f"exceed {_MOST_VALUES} values or {_DEEPEST} levels"
            )
        match value:
            case list() | tuple():
                return [self.of(item, depth + 1) for item in value]
            case Mapping():
                return self.of_object(value, depth)
            case _:
                return _plain(value)


def _plain(value: object) -> object:
    reason = _why_not(value)
    if reason:
        raise InvalidValueError("option value", shown(value), reason)
    return value


def _why_not(value: object) -> str:
    match value:
        case None | bool():
            return ""
        case int():
            return "" if value.bit_length() < 64 else "is too large"
        case Decimal():
            usable = value.is_finite() and abs(value.adjusted()) <= _LARGEST_EXPONENT
            return "" if usable else "is no usable number"
        case float():
            return "is a float: give a Decimal, which is exact"
        case str() if is_encodable(value) and "\0" not in value:
            return "" if len(value) <= _LONGEST_VALUE else "is too long"
        case _:
            return "cannot be written as JSON"


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or _CONTROLS.search(name):
        raise InvalidValueError("option", shown(name), "is no name")
    if len(name) > _LONGEST_NAME:
        raise InvalidValueError("option", shown(name), f"is longer than {_LONGEST_NAME}")
    return name
