"""An answer of the usage warehouse: one amount that nobody can read concerns no other row."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from cscs_json import decode_usage_rows
from cscs_json.waldur_decoding import MalformedPageError


def only_amount(text: str) -> object:
    rows = decode_usage_rows(f'{{"compute": [{{"n": {text}}}, {{"n": 1.5}}]}}'.encode(), "compute")
    first, second = cast("list[dict[str, object]]", rows)
    assert second == {"n": Decimal("1.5")}
    return first["n"]


def test_fractions_keep_every_digit_and_integers_stay_integers() -> None:
    assert str(only_amount("1292.96830")) == "1292.96830"
    assert only_amount("7") == 7
    assert type(only_amount("7")) is int


@pytest.mark.parametrize("body", [b"{}", b'{"compute": null}', b'{"compute": []}', b'{"other": 1}'])
def test_a_missing_or_null_list_is_empty(body: bytes) -> None:
    assert not decode_usage_rows(body, "compute")


def test_other_members_are_ignored() -> None:
    body = b'{"storage": "no list", "compute": [1], "links": {}}'

    assert decode_usage_rows(body, "compute") == [1]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e99999999999999999999999"])
def test_what_is_no_number_becomes_a_decimal_that_is_not_finite(text: str) -> None:
    amount = only_amount(text)

    assert isinstance(amount, Decimal)
    assert not amount.is_finite()


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 5000, "1e999999999"])
def test_numbers_without_bounds_are_read_and_left_to_the_rules(text: str) -> None:
    amount = only_amount(text)

    assert isinstance(amount, Decimal | int)
    assert not -(10**18) < amount < 10**18


def test_integers_of_more_than_64_bits_are_exact() -> None:
    assert only_amount("123456789012345678901234567890") == 123456789012345678901234567890


def test_a_name_with_half_a_character_is_left_to_the_rules() -> None:
    assert only_amount(r'"\ud800"') == "\ud800"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"compute"',
        b"<html>Log in</html>",
        b'{"compute": [',
        b'{"compute": {}}',
        b'{"compute": "text"}',
        b'{"compute": 0}',
        b'{"compute": ["\xff"]}',
        b'{"compute": ' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_object_with_a_list_is_an_error_of_the_answer(body: bytes) -> None:
    with pytest.raises(MalformedPageError) as caught:
        decode_usage_rows(body, "compute")

    assert "Log in" not in str(caught.value)
    assert len(str(caught.value)) < 200
