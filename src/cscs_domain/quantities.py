"""Exact numbers out of whatever a JSON document or a form field held.

Waldur sends limits as numbers and usage as text, and option fields hold what somebody typed.
All become finite, non-negative `Decimal`s of bounded size, or are refused with the reason.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Final

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError

EXACT: Final = Context(prec=400, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Wide enough that no product of bounded quantities is ever rounded."""

LARGEST: Final = Decimal(10) ** 18
MOST_PLACES: Final = 24
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?"
)


def parse_quantity(
    value: object, what: str = "number", *, largest: Decimal = LARGEST, places: int = MOST_PLACES
) -> Decimal:
    """Return the value as a normal `Decimal`: finite, 0 <= n < 10^18, at most 24 decimal places.

    `largest` (a power of ten) and `places` widen or narrow the bounds.

    Takes int, `Decimal`, float (by its shortest text) and text such as "10000.0"; refuses bool,
    NaN, infinities, digit groups and anything else with `InvalidValueError`.
    """
    number = _as_decimal(value)
    if number is None or not number.is_finite():
        raise InvalidValueError(what, shown(value), "is not a number")
    if number.is_signed() and number:
        raise InvalidValueError(what, shown(value), "is negative")
    if number.adjusted() >= largest.adjusted() and number:
        raise InvalidValueError(what, shown(value), f"is 10^{largest.adjusted()} or more")
    if not number:
        return Decimal(0)
    # Where digits beyond the context's 400 were rounded away, the normal form differs.
    reduced = normal(number) if number.adjusted() >= -places else None
    if reduced is None or _places(reduced) > places or reduced != number:
        raise InvalidValueError(what, shown(value), f"has more than {places} decimal places")
    return reduced


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _as_decimal(value: object) -> Decimal | None:
    match value:
        case bool():
            return None
        case Decimal():
            return value
        case int():
            # The text of a huge int is not bounded; its bit length is cheap to look at.
            return Decimal(value) if value.bit_length() < 128 else Decimal(2) ** 128
        case float():
            return Decimal(repr(value))
        case str() if _NUMBER.fullmatch(text := value.strip()):
            return Decimal(text)
        case _:
            return None


def normal(number: Decimal) -> Decimal:
    """One form for equal numbers (10 for 10.0 and 1E+1), so that their texts are equal as well."""
    if number == (whole := number.to_integral_value(context=EXACT)):
        return Decimal(int(whole))
    return number.normalize(EXACT)


def exact_product(one: Decimal, other: Decimal) -> Decimal:
    """The product of two bounded quantities, unrounded and in normal form."""
    return normal(EXACT.multiply(one, other))
