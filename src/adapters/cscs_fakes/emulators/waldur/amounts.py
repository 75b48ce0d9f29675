"""Amounts of usage: decimals of at most 20 digits and 2 places, counted as they are written.

Source: Waldur contract, section 7.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from cscs_fakes.emulators.waldur.texts import NO_NULL

_DIGITS: Final = 20
_PLACES: Final = 2
_LONGEST: Final = 1000
_CENT: Final = Decimal("0.01")
_NO_NUMBER: Final = "A valid number is required."


def amount_of(value: object) -> Decimal:
    """The amount; numbers count as they print. Raises `ValueError` with Waldur's message."""
    if value is None:
        raise ValueError(NO_NULL)
    text = str(value).strip()
    if len(text) > _LONGEST:
        raise ValueError("String value too large.")
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(_NO_NUMBER) from None
    if not found.is_finite():
        raise ValueError(_NO_NUMBER)
    _check_length(found)
    return found


def amount_text(amount: Decimal) -> str:
    """As Waldur stores and shows it: `12.30`."""
    return str(amount.quantize(_CENT))


def _check_length(amount: Decimal) -> None:
    _, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  # it is finite
    places = max(0, -exponent)
    total = max(len(digits) + max(0, exponent), places)
    if total > _DIGITS:
        raise ValueError(f"Ensure that there are no more than {_DIGITS} digits in total.")
    if places > _PLACES:
        raise ValueError(f"Ensure that there are no more than {_PLACES} decimal places.")
    if total - places > _DIGITS - _PLACES:
        raise ValueError(
            f"Ensure that there are no more than {_DIGITS - _PLACES} digits before the decimal "
            "point."
        )
