"""Hours out of exact seconds, rounded once, when they are shown. Source: ADR 0023."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

HOUR: Final = 3600
GIB: Final = 2**30
_PLACES: Final = 4


def rounded_quotient(amount: int, unit: int) -> Decimal:
    """The amount in this unit: four decimal places, halves away from zero.

    >>> str(rounded_quotient(5400, 3600)), str(rounded_quotient(-1, 20000))
    ('1.5000', '-0.0001')
    """
    scaled = (2 * abs(amount) * 10**_PLACES + unit) // (2 * unit)
    sign = 1 if amount < 0 and scaled else 0
    # Made of its digits, no number is too long for a context.
    return Decimal((sign, tuple(map(int, str(scaled))), -_PLACES))


def hours(seconds: int) -> Decimal:
    """Seconds as hours."""
    return rounded_quotient(seconds, HOUR)


def gib_hours(byte_seconds: int) -> Decimal:
    """What was held times how long, in GiB (2^30 bytes) and hours."""
    return rounded_quotient(byte_seconds, GIB * HOUR)
