"""What is posted about orders and resources, and what is refused before it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.free_text import LONGEST_TEXT, bounded_text
from cscs_domain.order_calls import (
    WaldurCall,
    approve_call,
    backend_id_call,
    done_call,
    erred_call,
    options_call,
    reject_call,
    resource_ok_call,
)
from cscs_json import encode

ID = UUID("b62f0513-ff7d-4e05-8ff8-cc9538832d7a")
ORDERS = "marketplace-orders/b62f0513ff7d4e058ff8cc9538832d7a"
RESOURCES = "marketplace-provider-resources/b62f0513ff7d4e058ff8cc9538832d7a"


@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (approve_call(ID), f"{ORDERS}/approve_by_provider/", None),
        (reject_call(ID, ""), f"{ORDERS}/reject_by_provider/", None),
        (reject_call(ID, " \n"), f"{ORDERS}/reject_by_provider/", None),
        (
            reject_call(ID, "no space"),
            f"{ORDERS}/reject_by_provider/",
            {"provider_rejection_comment": "no space"},
        ),
        (done_call(ID), f"{ORDERS}/set_state_done/", None),
        (
            erred_call(ID, "disk full", ""),
            f"{ORDERS}/set_state_erred/",
            {"error_message": "disk full", "error_traceback": ""},
        ),
        (
            erred_call(ID, "", "line 1\n\tline 2"),
            f"{ORDERS}/set_state_erred/",
            {"error_message": "", "error_traceback": "line 1\n\tline 2"},
        ),
        (backend_id_call(ID, "fs-1"), f"{RESOURCES}/set_backend_id/", {"backend_id": "fs-1"}),
        (resource_ok_call(ID), f"{RESOURCES}/set_state_ok/", None),
        (
            options_call(ID, {"soft_quota_space": Decimal("3.5")}),
            f"{RESOURCES}/update_options_direct/",
            {"options": {"soft_quota_space": Decimal("3.5")}},
        ),
    ],
)
def test_an_action_is_this_post(
    call: WaldurCall, path: str, body: Mapping[str, object] | None
) -> None:
    """Spelled as in Waldur contract, sections 4 and 5; a missing text would be a 500."""
    assert (call.path, call.body) == (path, body)


@pytest.mark.parametrize("backend_id", ["a", "x" * 255, "/capstor/store/a b", "é", "0", "null"])
def test_a_backend_id_may_be_any_name(backend_id: str) -> None:
    assert backend_id_call(ID, backend_id).body == {"backend_id": backend_id}


@pytest.mark.parametrize(
    "backend_id",
    ["", " ", " a", "a\n", "a\tb", "a\x00b", "a\x7fb", "a\u2028b", "a\ud800", "x" * 256],
    ids=ascii,
)
def test_a_backend_id_that_means_nothing_or_something_else_is_refused(backend_id: str) -> None:
    """An empty one would cut the resource off from its usage; blanks at the ends get lost."""
    with pytest.raises(InvalidValueError, match="backend id") as caught:
        backend_id_call(ID, backend_id)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("backend_id", [None, 1, True, b"fs-1", Path("/fs"), ["fs-1"]], ids=ascii)
def test_a_backend_id_that_is_no_text_is_refused(backend_id: Any) -> None:
    """Those who return one may not check their types."""
    with pytest.raises(InvalidValueError, match="is no text") as caught:
        backend_id_call(ID, backend_id)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value",
    [None, True, 7, -(2**63) + 1, Decimal("1.5"), "", "a\nb", [], [1, ["a"]], {}, {"a": {"b": 1}}],
    ids=repr,
)
def test_an_option_may_be_any_json(value: object) -> None:
    assert options_call(ID, {"o": value}).body == {"options": {"o": value}}


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e400"),
        2**64,
        "a\x00",
        "\ud800",
        "x" * 10_001,
        b"a",
        {1, 2},
        object(),
        {1: 2},
        {"": 1},
        {"a\n": 1},
        {"x" * 256: 1},
        [[[[[[[[[1]]]]]]]]],
        list(range(1001)),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_an_option_that_cannot_be_sent_as_it_is_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        options_call(ID, {"o": value})

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_options_that_contain_themselves_a_million_times_are_refused_at_once() -> None:
    value: list[Any] = [0] * 100
    for _ in range(6):
        value = [value] * 100

    with pytest.raises(InvalidValueError, match="exceed"):
        options_call(ID, {"o": value})


def test_no_options_are_refused() -> None:
    """Nobody can say whether that would clear them."""
    with pytest.raises(InvalidValueError, match="no option"):
        options_call(ID, {})


def test_options_are_copied() -> None:
    given: dict[str, Any] = {"o": [1]}
    call = options_call(ID, given)

    given["o"].append(2)

    assert call.body == {"options": {"o": [1]}}


@given(st.text(st.characters(codec=None), max_size=50))
def test_any_text_can_be_reported(text: str) -> None:
    body = json.loads(encode(erred_call(ID, text, text).body))

    assert body["error_message"] == body["error_traceback"] == bounded_text(text)
    assert "\x00" not in body["error_message"]


@given(st.text("abc é\n\t", max_size=50))
def test_a_text_that_can_be_stored_is_not_touched(text: str) -> None:
    assert bounded_text(text) == text


@pytest.mark.parametrize("char", ["x", "\x00", "é"], ids=ascii)
@pytest.mark.parametrize("length", [LONGEST_TEXT - 1, LONGEST_TEXT, LONGEST_TEXT + 1, 10**6])
def test_a_text_ends_at_its_bound_with_a_mark(char: str, length: int) -> None:
    text = bounded_text(char * length)

    assert len(text) <= LONGEST_TEXT
    assert text.endswith("[cut]") is (length > LONGEST_TEXT or char == "\x00")


@given(st.text(st.characters(codec=None)))
def test_bounding_twice_is_bounding_once(text: str) -> None:
    assert bounded_text(bounded_text(text)) == bounded_text(text)
