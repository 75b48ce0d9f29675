"""Amounts of usage for people: two decimal places, as Waldur has them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from cscs_domain.usage.amounts import to_cents

NONE: Final = "-"
"""Where somebody has no figure."""


def amount_text(amount: Decimal | None) -> str:
    """With two places, or a dash.

    >>> amount_text(Decimal("1500.755")), amount_text(None)
    ('1500.76', '-')
    """
    return NONE if amount is None else f"{to_cents(amount):f}"


def change_text(change: Decimal) -> str:
    """With two places and its sign; nothing has none.

    >>> change_text(Decimal("3")), change_text(Decimal("-0.5")), change_text(Decimal(0))
    ('+3.00', '-0.50', '0.00')
    """
    rounded = to_cents(change)
    return f"{rounded:+f}" if rounded else f"{rounded:f}"
