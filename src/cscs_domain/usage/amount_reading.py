"""Amounts out of whatever a warehouse's row holds, and sums of them. Source: DWDI contract, 12."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import MOST_PLACES, parse_quantity

ZERO: Final = Decimal(0)
_FIRST_SIGNS: Final = frozenset("0123456789.")
PLAIN_SUMS: Final = Context(
    prec=MOST_PLACES + 1, Emin=0, Emax=17, traps=[Inexact, InvalidOperation, Overflow]
)
"""Adds as long as the sum has at most 25 digits, none beyond 24 places, and is below 10^18.

Where that does not hold, it raises `ArithmeticError`: what it returns is exact, and the places of
what it added need no look of their own.
"""


def read_amount(value: object) -> Decimal | None:
    """The amount, which may be negative; None if it is none that can be.

    Takes int, `Decimal`, float and numeric text; the size and the places are bounded as those of
    `parse_quantity`.
    """
    try:
        return parse_quantity(value)
    except InvalidValueError:
        pass
    try:
        return parse_quantity(_negated(value)).copy_negate()
    except InvalidValueError:
        return None


def _negated(value: object) -> object:
    """The opposite of something negative, None for anything else."""
    match value:
        case Decimal() if value.is_signed():
            return value.copy_abs()
        case int() | float() if value < 0:
            return -value
        case str() if (text := value.strip())[:1] == "-" and text[1:2] in _FIRST_SIGNS:
            return text[1:]
        case _:
            return None
