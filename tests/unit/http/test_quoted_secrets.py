"""A text that holds a part of a secret is known, whichever part it is."""

from __future__ import annotations

from string import hexdigits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_http.quoted_secrets import quotes

secrets = st.text(hexdigits, min_size=8, max_size=80)


@given(secrets, st.data(), st.text(max_size=30), st.text(max_size=30))
def test_eight_characters_in_a_row_are_always_noticed(
    secret: str, data: st.DataObject, before: str, after: str
) -> None:
    start = data.draw(st.integers(0, len(secret) - 8))
    length = data.draw(st.integers(8, len(secret)))

    assert quotes(secret, f"{before}{secret[start : start + length]}{after}")


@given(st.text("0123456789", min_size=8, max_size=80), st.text("abcdefgh .", max_size=300))
def test_other_texts_are_left_alone(secret: str, text: str) -> None:
    assert not quotes(secret, text)


def test_case_does_not_matter() -> None:
    assert quotes("0123456789abcdef", "89ABCDEF")


def test_a_short_secret_is_noticed_as_a_whole() -> None:
    assert quotes("geheim", "say geheim!")
    assert not quotes("geheim", "say heim!")


@pytest.mark.parametrize("secret", ["", " "])
def test_no_secret_is_in_no_text(secret: str) -> None:
    assert not quotes(secret, "anything at all")
