"""The same things again in another order or in other portions: answers must not notice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

_T = TypeVar("_T")


def shuffled(items: Sequence[_T]) -> SearchStrategy[list[_T]]:
    """The items in any order."""
    return st.permutations(items)


@st.composite
def pages(draw: DrawFn, items: Sequence[_T]) -> list[list[_T]]:
    """The items in their order, cut into any portions; some may be empty."""
    cuts = draw(st.lists(st.integers(0, len(items)), max_size=5).map(sorted))
    edges = [0, *cuts, len(items)]
    return [list(items[start:end]) for start, end in pairwise(edges)]
