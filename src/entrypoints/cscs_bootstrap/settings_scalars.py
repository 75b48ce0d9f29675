"""Parsers of single values: text, truth, numbers, durations, choices, time zones.

A parser takes a `Value` and returns what the setting holds, or raises `Refused` with a reason that
reads on from the key: "must be ...". Only what is not secret is ever quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from cscs_bootstrap.secrets import FileSecret, Secret, SecretFileError, unusable
from cscs_bootstrap.settings_values import Scalar, Value, kind_of, refuse
from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import parse_quantity

_TRUTHS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_DIGIT_GROUPS: Final = re.compile(r"[0-9]{1,3}(_[0-9]{3})+(\.[0-9]+)?")
_LONGEST: Final = timedelta(days=366)
_LARGEST_SECONDS: Final = Decimal(_LONGEST.days * 24 * 3600)

E = TypeVar("E", bound=StrEnum)


def scalar(value: Value) -> Scalar:
    """Return a single value as it is; lists and mappings are refused."""
    if not isinstance(value, Scalar):
        raise refuse(f"must be a single value, not {kind_of(value)}.")
    return value


def text(value: Value) -> str:
    """A text without control characters; blanks around it are not part of it."""
    found = scalar(value).text.strip()
    if any(not character.isprintable() for character in found):
        raise refuse("holds a line break or another character that cannot be printed.")
    return found


def secret(value: Value) -> Secret:
    """A secret, from a file if a `..._FILE` variable named one. Never quoted."""
    found = scalar(value)
    if found.file is not None:
        try:
            return FileSecret(found.file)
        except SecretFileError as error:
            raise refuse(f"is to come from a file that {error}.") from None
    if reason := unusable(found.text):
        raise refuse(f"{reason}.", "Check for a stray newline where it was copied from.")
    return Secret(found.text)


def boolean(value: Value) -> bool:
    """True or false, in any of the usual spellings."""
    found = text(value)
    truth = _TRUTHS.get(found.lower())
    if truth is None:
        raise refuse(
            f"must be true or false, not {shown(found)}.",
            "Also understood: 1, 0, yes, no, on, off.",
        )
    return truth


def number(value: Value) -> Decimal:
    """An exact, non-negative number, digits possibly grouped as in `1_000_000`."""
    found = text(value)
    plain = found.replace("_", "") if _DIGIT_GROUPS.fullmatch(found) else found
    try:
        return parse_quantity(plain, "number")
    except InvalidValueError as error:
        raise refuse(f"must be a number: {shown(found)} {error.reason}.") from None


def positive(value: Value) -> Decimal:
    """An exact number above zero."""
    found = number(value)
    if not found > 0:
        raise refuse(f"must be above zero, not {found}.")
    return found


def positive_whole(value: Value) -> int:
    """A whole number above zero."""
    found = positive(value)
    if found != found.to_integral_value():
        raise refuse(f"must be a whole number, not {found}.")
    return int(found)


def fraction(value: Value) -> Decimal:
    """An exact number from 0 to 1."""
    found = number(value)
    if found > 1:
        raise refuse(f"must be from 0 to 1, not {found}.")
    return found


def seconds(value: Value) -> timedelta:
    """A duration written as a number of seconds, from 0 to a year."""
    found = number(value)
    if found > _LARGEST_SECONDS:
        raise refuse(f"must be at most {_LARGEST_SECONDS} seconds, not {found}.")
    return timedelta(microseconds=int(found * 1_000_000))


def some_seconds(value: Value) -> timedelta:
    """A duration above zero."""
    found = seconds(value)
    if not found:
        raise refuse("must be above zero.")
    return found


def seconds_or_never(value: Value) -> timedelta | None:
    """A duration, or None for the word `never`."""
    return None if text(value).lower() == "never" else seconds(value)


def choice(kinds: type[E]) -> Callable[[Value], E]:
    """Make a parser of one of an enumeration's words, in any case."""

    def parse(value: Value) -> E:
        found = text(value)
        try:
            return kinds(found.lower())
        except ValueError:
            raise refuse(f"must be one of {words(kinds)}, not {shown(found)}.") from None

    return parse


def words(kinds: type[StrEnum]) -> str:
    """The words of an enumeration, for a sentence."""
    return ", ".join(kind.value for kind in kinds)


def time_zone(value: Value) -> str:
    """The name of a time zone that this machine knows. `UTC` needs no zone data."""
    found = text(value)
    if found == "UTC":
        return found
    try:
        ZoneInfo(found)
    except (ValueError, OSError, LookupError):
        raise refuse(
            f"must be a time zone that is known here, not {shown(found)}.",
            "Write a name such as Europe/Zurich; if that is unknown too, install tzdata.",
        ) from None
    return found
