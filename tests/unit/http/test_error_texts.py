"""Error bodies of every form become one short line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_http.error_texts import readable, said_in

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "Invalid token."}, "Invalid token."),
        ({"usages": [{"amount": ["Too many."]}, {}]}, "usages.amount: Too many."),
        ({"non_field_errors": ["These are invalid: abc."]}, "These are invalid: abc."),
        (["Pending order exists."], "Pending order exists."),
        ({"state": ["Not a choice."], "o": ["No."]}, "state: Not a choice.; o: No."),
        ({"error": "invalid_client", "error_description": "Nobody"}, "Nobody; invalid_client"),
        ("Offering is unavailable.", "Offering is unavailable."),
        ({"code": 7}, "code: 7"),
        ({}, ""),
        (None, ""),
    ],
)
def test_json_says_what_its_texts_say(body: object, said: str) -> None:
    assert said == said_in(json.dumps(body).encode(), JSON)


@pytest.mark.parametrize("kind", [HTML, "", JSON])
def test_a_page_is_known_by_its_title(kind: str) -> None:
    page = b"<!doctype html>\n<html><head>\n <title>Not Found &amp; gone</title></head>"

    assert said_in(page, kind) == "a page titled 'Not Found & gone'"


def test_a_page_without_a_title_is_a_page() -> None:
    assert said_in(b"<html></html>", HTML) == "a page"


def test_a_page_cannot_keep_the_search_for_its_title_busy() -> None:
    """Within a blink: the search once took seconds for 64 kB of beginnings."""
    assert said_in(b"<html>" + b"<title>" * 9000, HTML) == "a page"


def test_text_is_taken_as_it_is() -> None:
    assert said_in(b"upstream connect error", "text/plain") == "upstream connect error"


@given(st.binary(max_size=3000), st.sampled_from([JSON, HTML, "text/plain", ""]))
def test_whatever_it_is_it_becomes_one_short_printable_line(body: bytes, kind: str) -> None:
    said = said_in(body, kind)

    assert said.isprintable()
    assert said.isascii()
    assert len(said) <= 310


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_becomes_one_short_printable_line(value: object) -> None:
    said = said_in(json.dumps(value).encode(), JSON)

    assert said.isprintable()
    assert len(said) <= 310


def test_what_could_steer_a_terminal_is_escaped() -> None:
    assert readable("a\x1b[2J\nb\u202e") == "a\\x1b[2J b\\u202e"
