"""Text: slugs that are harmless, names that may stand in a path, and text that must not."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_MOST_BYTES: Final = 255
_CONTROLS: Final = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
_TRAVERSALS: Final = (
    *(".", "..", "/", "//", "../..", "a/b", "/etc", "a/", "/a", "..\x00", "\x00", "a\nb"),
    *("x" * 256, "é" * 128, "\ud800", "p\udfff", "\x1b[2J"),
)


@cache
def safe_slugs() -> SearchStrategy[str]:
    """Slugs as Waldur makes them: lower-case ASCII letters, digits and inner dashes, 1 to 16."""
    letters = st.text("abcxyz0189-", min_size=1, max_size=16)
    return letters.map(lambda text: text.strip("-") or "s")


@cache
def path_segments() -> SearchStrategy[str]:
    """Any text that may stand between two slashes, however odd: spaces, dots, any script."""
    letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/")
    odd = st.text(letters, min_size=1, max_size=40)
    longest = st.sampled_from(["x" * 255, "é" * 127, "...", " ", "~", "a-b", "-", "\\", "%2e%2e"])
    return st.one_of(safe_slugs(), odd, longest).filter(_is_segment)


def _is_segment(text: str) -> bool:
    # On purpose not the domain's own rule, which is to be tested with this.
    return text not in {".", ".."} and 0 < len(text.encode()) <= _MOST_BYTES


@cache
def unsafe_slugs() -> SearchStrategy[str]:
    """Non-empty text that must never become part of a path.

    Dot segments, slashes, NUL and other controls, lone surrogates, more than 255 bytes.
    """
    bad_letters = st.sampled_from(["/", *_CONTROLS, "\ud800", "\udcff"])
    laced = st.builds("{}{}{}".format, st.text(max_size=4), bad_letters, st.text(max_size=4))
    too_long = st.integers(256, 600).map(lambda length: "s" * length)
    return st.one_of(st.sampled_from(_TRAVERSALS), laced, too_long)


@cache
def any_text() -> SearchStrategy[str]:
    """Any text that JSON can carry, lone surrogates included."""
    everything = st.text(st.characters(exclude_categories=[]), max_size=12)
    return st.one_of(everything, unsafe_slugs(), path_segments(), st.just(""))


@cache
def uuid_texts(uuids: SearchStrategy[UUID] | None = None) -> SearchStrategy[str]:
    """Uuids as servers write them: with or without dashes, in either case."""
    forms = st.sampled_from((str, lambda uuid: uuid.hex, lambda uuid: uuid.hex.upper()))
    return st.builds(lambda form, uuid: form(uuid), forms, st.uuids() if uuids is None else uuids)


_NASTY: Final[tuple[object, ...]] = (
    *(None, True, False, 0, -1, 7, 775, 2**63, 10**18, 10**400),
    *(Decimal("0.1"), Decimal(-5), Decimal("1E+400"), Decimal("1E-400"), Decimal("0E+9")),
    *("", " ", "0", "NaN", "1e999999999", "OK", "unknown", "store", "Terminated", "2770"),
    *_TRAVERSALS,
    *([], [1], [[]], {}, {"": None}, {"storage": "x"}, {"storage": [1]}, {"uuid": {}}),
)


@cache
def json_values() -> SearchStrategy[object]:
    """Any value that a decoded JSON document can hold, its fractions as `Decimal`.

    Mostly one of those that have broken a parser somewhere.
    """
    leaves = st.sampled_from(_NASTY) | any_text() | st.integers() | uuid_texts()
    nested = st.lists(leaves, max_size=2) | st.dictionaries(any_text(), leaves, max_size=2)
    return st.sampled_from(_NASTY) | st.sampled_from(_NASTY) | leaves | nested
