"""Moments: kept in UTC, written with `Z`, and read only with an offset from UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import EARLIEST, LATEST

_LONGEST: Final = 40
_FORM: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]"
    r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
    r"(?P<offset>Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?",
    re.ASCII,
)
_NO_TIME: Final = "must be a date with a time and an offset from UTC, such as 2025-11-19T00:00:00Z"
_NO_OFFSET: Final = "must have an offset from UTC, such as Z or +01:00"
_NO_DAY: Final = "must be a day that there is"


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC. Raises `InvalidValueError` for a time without a zone."""
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidValueError(
            "time", shown(str(value)), "has no offset from UTC; add one, as in +01:00 or Z"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValueError("time", shown(str(value)), "is no time that can be") from None


def utc_text(moment: datetime) -> str:
    """`2025-11-18T23:00:00Z`, with a fraction only if there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def range_fault(moment: datetime) -> str | None:
    """What a moment must be that no clock should have shown; None for all others."""
    return None if EARLIEST <= moment <= LATEST else _OUT_OF_RANGE


_OUT_OF_RANGE: Final = f"must be from {utc_text(EARLIEST)} to {utc_text(LATEST)}"


def read_moment(value: object) -> datetime | str:
    """A moment in UTC out of its text, or else what the text must be.

    ISO 8601 with a calendar date, a time at least to the minute and an offset. A blank may stand
    for the `T`, the offset may lack its colon. Fractions are cut to microseconds. There is no 24
    o'clock and no leap second.
    """
    return _read(value) if isinstance(value, str) and len(value) <= _LONGEST else _NO_TIME


# The events of a batch share few times.
@lru_cache(maxsize=1 << 10)
def _read(text: str) -> datetime | str:
    form = _FORM.fullmatch(text)
    if form is None:
        return _NO_TIME
    if form["offset"] is None:
        return _NO_OFFSET
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _NO_DAY
    # Before the conversion, which can leave what a datetime can hold.
    return range_fault(moment) or in_utc(moment)
