"""Laws of `parse_quantity` and of the arithmetic behind it: exact or refused, never nearly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import exact_product, normal, parse_quantity
from cscs_fakes.strategies import json_values, sent_numbers, terabytes, unusable_numbers

AMOUNTS = terabytes()


def fraction(value: object) -> Fraction:
    assert isinstance(value, (int, str, Decimal))
    return Fraction(value)


@given(sent_numbers())
def test_every_form_of_an_amount_keeps_its_exact_value(sent: object) -> None:
    assert fraction(parse_quantity(sent)) == fraction(sent)


@given(unusable_numbers())
def test_what_is_no_amount_is_refused(sent: object) -> None:
    with pytest.raises(InvalidValueError):
        parse_quantity(sent)


@given(json_values())
def test_anything_is_parsed_to_a_bounded_amount_or_refused(value: object) -> None:
    try:
        number = parse_quantity(value)
    except InvalidValueError:
        return

    assert number.is_finite()
    assert 0 <= number < 10**18


@given(st.floats())
def test_a_float_is_taken_by_its_shortest_text_or_refused(value: float) -> None:
    try:
        number = parse_quantity(value)
    except InvalidValueError:
        return

    assert number == Decimal(repr(value))


@given(st.integers(0, 10**17), st.integers(0, 600), st.integers(1, 9))
def test_a_number_of_any_length_is_exact_or_refused(whole: int, zeros: int, last: int) -> None:
    sent = Decimal(f"{whole}.{'0' * zeros}{last}")
    try:
        number = parse_quantity(sent)
    except InvalidValueError:
        assert zeros + 1 > 24
        return

    assert number == sent


@given(AMOUNTS)
def test_equal_numbers_get_equal_texts(amount: Decimal) -> None:
    scaled = Decimal(f"{amount:f}000") if amount % 1 else amount * Decimal("1.000")

    assert str(normal(scaled)) == str(normal(amount))


@given(AMOUNTS, AMOUNTS)
def test_a_product_is_exact(one: Decimal, other: Decimal) -> None:
    assert Fraction(exact_product(one, other)) == Fraction(one) * Fraction(other)
