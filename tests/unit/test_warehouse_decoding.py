"""An answer of the usage warehouse: one amount that nobody can read concerns no other row."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    "body", [b"{}", b'{"compute": null}', b'{"compute": []}', b'{"compute": null, "note": 1}']
)
def test_a_null_list_is_empty_and_so_is_an_object_without_members(body: bytes) -> None:
    assert not decode_usage_rows(body, "compute")


def test_other_members_are_ignored() -> None:
    body = b'{"storage": "no list", "compute": [1], "links": {}, "nextUpdate": "tomorrow"}'

    assert decode_usage_rows(body, "compute") == [1]


@pytest.mark.parametrize("rows", [[], None, [{"account": "g1"}]], ids=repr)
@pytest.mark.parametrize(
    "beside",
    [
        {"error": "timed out"},
        {"errors": [{"title": "no such account"}]},
        {"Error": {"code": 7}},
        {"error": True},
        {"next": "/compute?page=2"},
        {"nextPage": 2},
        {"next_page": 2},
        {"NEXT": "x"},
        {"nextToken": "abc"},
        {"links": {"self": "/compute", "next": "/compute?page=2"}},
        {"_links": {"next": {"href": "/compute?page=2"}}},
    ],
    ids=repr,
)
def test_rows_beside_an_error_or_before_a_next_page_are_not_all(
    beside: dict[str, object], rows: object
) -> None:
    body = json.dumps({"compute": rows, **beside}).encode()

    with pytest.raises(MalformedPageError, match=f"compute beside {next(iter(beside))}") as caught:
        decode_usage_rows(body, "compute")
    assert "timed out" not in str(caught.value)


@pytest.mark.parametrize("nothing", [None, "", [], {}, False, 0], ids=repr)
@pytest.mark.parametrize("name", ["error", "errors", "next", "nextPage", "links"])
def test_members_without_content_are_no_error_and_no_next_page(name: str, nothing: object) -> None:
    body = json.dumps({"compute": [1], name: nothing}).encode()

    assert decode_usage_rows(body, "compute") == [1]


def test_a_last_page_has_links_to_others() -> None:
    body = b'{"compute": [1], "links": {"self": "/a", "next": null}, "_links": {"prev": "/b"}}'

    assert decode_usage_rows(body, "compute") == [1]


def test_an_amount_that_is_no_number_hides_no_error() -> None:
    with pytest.raises(MalformedPageError, match="beside error"):
        decode_usage_rows(b'{"compute": [{"n": NaN}], "error": NaN}', "compute")


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"other": 1}', "other"),
        (b'{"error": null}', "error"),
        (b'{"d": 1, "c": 2, "b": 3, "a": 4}', "a, b, c"),
    ],
)
def test_an_answer_about_something_else_is_not_empty(body: bytes, names: str) -> None:
    with pytest.raises(MalformedPageError, match=f"without compute, but with {names}$"):
        decode_usage_rows(body, "compute")


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
