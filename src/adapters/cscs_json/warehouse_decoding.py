"""An answer of the usage warehouse as its rows, unchecked, with fractions as `Decimal`.

The fast way is msgspec, which gives up on a whole answer for one amount that is no JSON number or
has no end. Then the answer is read again the slow way, where such an amount becomes a `Decimal`
that is not finite: the rules refuse it, and only its own row suffers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, cast

import msgspec

from cscs_json.waldur_decoding import GIVES_UP, MalformedPageError

_FAST: Final = msgspec.json.Decoder(float_hook=Decimal)
_INFINITE: Final = Decimal("Infinity")
_MOST_DIGITS: Final = 1000
"""Of an integer; Python refuses to read some thousands, and no amount has a hundred."""


def decode_usage_rows(body: bytes, member: str) -> Sequence[object]:
    """The list under `member` ("compute", "storage", "inference") of an answer.

    A missing or null list is empty. Raises `MalformedPageError` if the body is no JSON object or
    the member is no list; the error never quotes the body.
    """
    answer = _decode(body)
    if not isinstance(answer, dict):
        raise MalformedPageError(f"expected a JSON object, got {type(answer).__name__}")
    rows = answer.get(member)
    if rows is None:
        return ()
    if not isinstance(rows, list):
        raise MalformedPageError(f"expected a list under {member}, got {type(rows).__name__}")
    return rows


def _decode(body: bytes) -> object:
    try:
        return cast(object, _FAST.decode(body))
    except GIVES_UP:
        return _decode_with_care(body)


def _decode_with_care(body: bytes) -> object:
    try:
        return cast(
            object,
            json.loads(body, parse_float=_fraction, parse_int=_integer, parse_constant=Decimal),
        )
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise MalformedPageError(f"not JSON: {error.msg} at {at}") from None
    except UnicodeDecodeError as error:
        raise MalformedPageError(f"not UTF-8: byte {error.start}") from None
    except RecursionError:
        raise MalformedPageError("nested too deeply") from None


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # its exponent has more digits than a Decimal's may have
        return _INFINITE


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MOST_DIGITS else _INFINITE
