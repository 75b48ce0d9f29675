"""Showing somebody's data: short, printable, ASCII, whatever it was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain._text import is_encodable, shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "'plain'"),
        ("", "''"),
        ("a\nb", "'a\\nb'"),
        ("\x1b[2J", "'\\x1b[2J'"),
        ("Zürich", "'Z\\xfcrich'"),
        ("\ud800", "'\\ud800'"),
        (5, "5"),
        (True, "True"),
        (None, "None"),
        (Decimal("1.5"), "1.5"),
        ([1, 2], "a list of 2"),
        ({"a": 1}, "an object of 1"),
    ],
)
def test_a_value_is_quoted_and_escaped(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, 10**5000, -(10**5000), Decimal(10) ** 5000, ["x" * 99] * 9],
    ids=["text", "int", "negative int", "decimal", "list"],
)
def test_a_huge_value_is_shown_briefly(value: object) -> None:
    assert len(shown(value)) < 130


@pytest.mark.parametrize(
    ("text", "expected"), [("plain", True), ("日本", True), ("", True), ("\ud800", False)]
)
def test_only_lone_surrogates_cannot_be_encoded(text: str, expected: bool) -> None:
    assert is_encodable(text) is expected
