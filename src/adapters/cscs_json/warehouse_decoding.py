"""An answer of the usage warehouse as its rows, unchecked, with fractions as `Decimal`.

The fast way is msgspec, which gives up on a whole answer for one amount that is no JSON number or
has no end. Then the answer is read again the slow way, where such an amount becomes a `Decimal`
that is not finite: the rules refuse it, and only its own row suffers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, cast

import msgspec

from cscs_domain._text import label
from cscs_json.waldur_decoding import GIVES_UP, MalformedPageError

_FAST: Final = msgspec.json.Decoder(float_hook=Decimal)
_INFINITE: Final = Decimal("Infinity")
_MOST_DIGITS: Final = 1000
"""Of an integer; Python refuses to read some thousands, and no amount has a hundred."""

_ERRORS: Final = frozenset({"error", "errors"})
_NEXT: Final = frozenset({"next", "nextpage", "nextlink", "nexturl", "nexttoken", "nextcursor"})
_LINKS: Final = frozenset({"links", "_links"})
_MOST_NAMES: Final = 3


def decode_usage_rows(body: bytes, member: str) -> Sequence[object]:
    """The list under `member` ("compute", "storage", "inference") of an answer.

    A null list is empty, and so is an object without any member. Raises `MalformedPageError` if
    the body is no JSON object, the member is no list, or the answer is not the whole one: it has
    other members only, an `error` with content, or a next page. The error never quotes the body
    but for names of members.
    """
    answer = _decode(body)
    if not isinstance(answer, dict):
        raise MalformedPageError(f"expected a JSON object, got {type(answer).__name__}")
    rows = answer.get(member)
    if rows is not None and not isinstance(rows, list):
        raise MalformedPageError(f"expected a list under {member}, got {type(rows).__name__}")
    _check_that_it_is_whole(answer, member)
    return rows or ()


def _check_that_it_is_whole(answer: Mapping[str, object], member: str) -> None:
    """Refuse an answer that has something else to say, or more rows elsewhere.

    To take its rows for all of them, or no rows for "nothing was used", would tell nobody that
    figures are missing.
    """
    if answer and member not in answer:
        names = ", ".join(map(label, sorted(answer)[:_MOST_NAMES]))
        raise MalformedPageError(f"without {member}, but with {names}")
    for name, value in answer.items():
        if name.lower() in _ERRORS and value:
            raise MalformedPageError(f"{member} beside {label(name)}: its rows may not be all")
        if _leads_on(name, value):
            raise MalformedPageError(
                f"{member} beside {label(name)}: there are more pages, and no way to ask for them"
            )


def _leads_on(name: str, value: object) -> bool:
    if name.lower() in _LINKS and isinstance(value, dict):
        return any(map(_is_next, value, value.values()))
    return _is_next(name, value)


def _is_next(name: str, value: object) -> bool:
    return name.lower().replace("_", "") in _NEXT and bool(value)


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
