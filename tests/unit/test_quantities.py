"""Exact numbers out of JSON and form fields."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import exact_product, normal, parse_quantity


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10, "10"),
        (0, "0"),
        (10**18 - 1, "999999999999999999"),
        ("10000.0", "10000"),
        (" 8.20 ", "8.2"),
        ("+1.5", "1.5"),
        (".5", "0.5"),
        ("7.", "7"),
        ("1e3", "1000"),
        ("-0", "0"),
        (0.1, "0.1"),
        (8.2, "8.2"),
        (1e-7, "1E-7"),
        (Decimal("1E+1"), "10"),
        (Decimal("10.00"), "10"),
        (Decimal("1e-24"), "1E-24"),
        (Decimal("0E+99"), "0"),
    ],
)
def test_a_number_is_taken_exactly_and_in_one_form(value: object, expected: str) -> None:
    assert str(parse_quantity(value)) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, "", " ", "ten", "1,5", "1_000", "1 000", "0x10", "--1", "1.2.3"),
        *("NaN", "inf", "Infinity", "\u0663", "1e999999999", "9" * 41, "-1", "1e18"),
        *(-1, 10**18, 10**5000, -(10**5000), [], {}, b"1", 1j),
        *(float("nan"), float("inf"), float("-inf"), -0.5, 1e300),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-0.1")),
        *(
            Decimal("1e-25"),
            Decimal("1e-999999"),
            Decimal("1e999999"),
            Decimal("1." + "0" * 500 + "1"),
        ),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError, match="limit"):
        parse_quantity(value, "limit")


@pytest.mark.parametrize(
    ("value", "reason"),
    [("x", "not a number"), (-1, "negative"), (10**18, "10\\^18"), ("1e-25", "24 decimal places")],
)
def test_the_reason_is_told(value: object, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        parse_quantity(value)


def test_equal_numbers_have_equal_texts() -> None:
    assert {str(normal(Decimal(text))) for text in ("10", "10.0", "1E+1")} == {"10"}


def test_products_are_not_rounded() -> None:
    tiny, many = Decimal("1e-24"), Decimal(10) ** 18 - 1

    assert str(exact_product(tiny, many)) == "9.99999999999999999E-7"
    assert exact_product(many, many) == (10**18 - 1) ** 2
