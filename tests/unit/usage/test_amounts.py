"""Rounding to hundredths, and amounts out of whatever a row holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain._text import shown
from cscs_domain.usage.amount_reading import read_amount
from cscs_domain.usage.amounts import is_reportable, to_cents


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("1292.9683", "1292.97"),
        ("656.125", "656.13"),
        ("2.675", "2.68"),
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.625", "0.63"),
        ("0.0049999999", "0.00"),
        ("-0.004", "0.00"),
        ("-0.005", "-0.01"),
        ("-2.675", "-2.68"),
        ("5", "5.00"),
        ("999999999999999999.994", "999999999999999999.99"),
    ],
)
def test_halves_are_rounded_away_from_zero(exact: str, rounded: str) -> None:
    assert str(to_cents(Decimal(exact))) == rounded


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", True),
        ("-0.004", True),
        ("12.5", True),
        ("-0.005", False),
        ("1E+18", False),
        ("999999999999999999.995", False),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_waldur_is_told_amounts_from_zero_on(amount: str, expected: bool) -> None:
    assert is_reportable(Decimal(amount)) is expected


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (7, "7"),
        (-7, "-7"),
        (Decimal("12.50"), "12.5"),
        (Decimal("-1.25"), "-1.25"),
        (Decimal("-0.0"), "0"),
        ("12.5", "12.5"),
        (" -1.25 ", "-1.25"),
        ("1e3", "1000"),
        (0.1, "0.1"),
        (-0.5, "-0.5"),
        (Decimal("1E-24"), "1E-24"),
        (Decimal("1." + "0" * 60), "1"),
        (10**18 - 1, "999999999999999999"),
        (1 - 10**18, "-999999999999999999"),
    ],
    ids=repr,
)
def test_numbers_and_numeric_texts_are_amounts(value: object, amount: str) -> None:
    assert read_amount(value) == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, "", " ", "many", "--5", "-+5", "- 5", "NaN", "-Infinity", "1,5"),
        *([], [1], {}, {"value": 1}, 10**18, -(10**18), 10**5000, -(10**5000)),
        *(Decimal("NaN"), Decimal("-NaN"), Decimal("Infinity"), Decimal("-Infinity")),
        *(Decimal("1E-25"), Decimal("-1E-25"), Decimal("1E+999999999"), float("nan")),
    ],
    ids=shown,
)
def test_everything_else_is_none(value: object) -> None:
    assert read_amount(value) is None
