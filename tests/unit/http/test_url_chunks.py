"""Laws of how values of one parameter are divided among requests."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_fakes.strategies import any_text
from cscs_http.params import Params
from cscs_http.url_chunks import LONGEST_URL, RepeatedParam

URL = "https://dwdi.example.org/api/v1/compute/usage-month/account"
VALUES = st.lists(
    st.integers(0, 200).map("g{}".format) | any_text() | st.text(min_size=1, max_size=900),
    max_size=150,
)
BESIDE: st.SearchStrategy[Params] = st.lists(
    st.tuples(st.sampled_from(["from", "cluster"]), st.text(st.characters(codec="utf-8"))),
    max_size=3,
)


def url_of(param: RepeatedParam, chunk: list[str]) -> str:
    """The URL of the request for a chunk."""
    return f"{param.url}?{urlencode(param.params_of(chunk))}"


@given(VALUES, BESIDE, st.integers(1, 60))
def test_no_request_is_larger_than_agreed(values: list[str], beside: Params, most: int) -> None:
    param = RepeatedParam(url=URL, name="account", most=most, beside=beside)

    for chunk in param.chunks(values):
        assert 1 <= len(chunk) <= most
        assert len(url_of(param, chunk)) <= LONGEST_URL


@given(VALUES, BESIDE)
def test_what_the_parameter_takes_is_asked_for_once(values: list[str], beside: Params) -> None:
    param = RepeatedParam(url=URL, name="account", most=50, beside=beside)

    asked = [value for chunk in param.chunks(values) for value in chunk]

    assert asked == sorted({value for value in values if param.takes(value)})


def test_a_request_may_be_exactly_as_large_as_agreed() -> None:
    param = RepeatedParam(url=URL, name="account", most=50, beside=[("from", "2026-11")])
    room = LONGEST_URL - len(f"{URL}?from=2026-11&account=")

    assert param.takes("x" * room)
    assert not param.takes("x" * (room + 1))
    assert len(url_of(param, ["x" * room])) == LONGEST_URL


@pytest.mark.parametrize("value", ["", "\ud800", "é" * 2000], ids=["empty", "surrogate", "long"])
def test_what_cannot_stand_in_a_url_is_not_taken(value: str) -> None:
    assert not RepeatedParam(url=URL, name="account", most=50).takes(value)


def test_parameters_that_leave_no_room_take_nothing() -> None:
    param = RepeatedParam(url=URL, name="account", most=50, beside=[("cluster", "c" * 6000)])

    assert not param.takes("g207")
    assert list(param.chunks(["g207"])) == []


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_url_is_as_long_on_the_wire_as_it_was_counted(value: str) -> None:
    param = RepeatedParam(url=URL, name="account", most=50)
    params = param.params_of([value])

    assert len(str(httpx.URL(URL, params=params)).encode()) == len(url_of(param, [value]))
