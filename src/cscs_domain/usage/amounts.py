"""Amounts of usage: exact until one rounding at the end. Source: DWDI contract, section 7."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cscs_domain.quantities import EXACT, LARGEST

CENT: Final = Decimal("0.01")
NOTHING: Final = Decimal("0.00")
_HALF_UP: Final = EXACT.copy()
_HALF_UP.rounding = ROUND_HALF_UP


def to_cents(amount: Decimal) -> Decimal:
    """The amount as Waldur takes it: two decimal places, halves away from zero.

    >>> str(to_cents(Decimal("2.675"))), str(to_cents(Decimal("-0.001")))
    ('2.68', '0.00')
    """
    rounded = amount.quantize(CENT, context=_HALF_UP)
    return rounded or NOTHING  # never "-0.00"


def is_reportable(amount: Decimal) -> bool:
    """Whether Waldur should be told: it takes negative amounts as well, and bills them."""
    return amount.is_finite() and NOTHING <= to_cents(amount) < LARGEST
