"""Laws of how projects are divided among requests."""

from __future__ import annotations

from random import Random
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_fakes.strategies import any_text
from cscs_http.hpc_user_chunks import LONGEST_URL, MOST_SLUGS, chunks, params_of

URL = "https://hpc-user.example.org/api/v1/export/waldur/projects"
SLUGS = st.lists(st.integers(0, 700).map("project-{}".format) | any_text(), max_size=400)
LONG = st.lists(st.text(min_size=1, max_size=900), max_size=40)


def askable(slug: str) -> bool:
    """Whether a slug can be asked for at all."""
    return slug != "" and slug.isascii() and len(slug) < 1000


def url_of(chunk: list[str]) -> str:
    """The URL of the request for a chunk."""
    return f"{URL}?{urlencode(params_of(chunk))}"


@given(SLUGS | LONG)
def test_no_request_is_larger_than_agreed(slugs: list[str]) -> None:
    for chunk in chunks(slugs, URL):
        assert 1 <= len(chunk) <= MOST_SLUGS
        assert len(url_of(chunk)) <= LONGEST_URL


@given(SLUGS | LONG)
def test_everything_is_asked_for_once(slugs: list[str]) -> None:
    asked = [slug for chunk in chunks(slugs, URL) for slug in chunk]

    assert len(asked) == len(set(asked))
    assert {slug for slug in slugs if askable(slug)} <= set(asked) <= set(slugs)


@given(SLUGS, st.randoms(use_true_random=False))
def test_the_same_set_makes_the_same_requests(slugs: list[str], random: Random) -> None:
    moved = [*slugs, *slugs[:3]]
    random.shuffle(moved)

    assert list(chunks(moved, URL)) == list(chunks(slugs, URL))


@given(st.integers(0, 1000))
def test_short_slugs_need_one_request_for_a_hundred(count: int) -> None:
    slugs = [f"p{number}" for number in range(count)]

    assert len(list(chunks(slugs, URL))) == -(-count // 100)


def test_a_request_may_be_exactly_as_large_as_agreed() -> None:
    room = LONGEST_URL - len(URL) - len("?projects=")

    assert list(chunks(["x" * room], URL)) == [["x" * room]]
    assert list(chunks(["x" * (room + 1)], URL)) == []


@pytest.mark.parametrize("slug", ["", "\ud800", "é" * 2000], ids=["empty", "surrogate", "long"])
def test_what_no_project_can_be_called_is_not_asked_for(slug: str) -> None:
    """An empty parameter might ask for everything."""
    assert list(chunks(["p", slug], URL)) == [["p"]]


def test_without_slugs_nothing_is_asked() -> None:
    assert list(chunks([], URL)) == []
