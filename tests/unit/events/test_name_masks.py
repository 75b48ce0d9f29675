"""Names in texts: gone as whole words of some length, and wherever they are all of a text."""

from __future__ import annotations

import pytest

from cscs_domain.events.name_masks import NameMask

MASK = NameMask(frozenset({"anna", "anna@x.org", "bob", "dan.doe", "i̇pek", "οδος"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna", "erased"),
        (" ANNA ", "erased"),
        ("bob", "erased"),
        ("/home/anna/run", "/home/erased/run"),
        ("Anna_1, ANNA-2", "erased_1, erased-2"),
        ("mail ANNA@X.ORG now", "mail erased now"),
        ("anna@y.org", "erased@y.org"),
        ("annabel susanna anna1 1anna", "annabel susanna anna1 1anna"),
        ("annaé éanna", "annaé éanna"),
        ("/home/bob/run", "/home/bob/run"),
        ("dan.doe dan-doe danxdoe", "erased dan-doe danxdoe"),
        ("/İPEK/ /i̇pek/", "/erased/ /erased/"),
        ("/ΟΔΟΣ.x /οδοσ", "/erased.x /erased"),
        ("", ""),
    ],
)
def test_names_go_as_words_of_their_own(text: str, expected: str) -> None:
    assert MASK.text(text) == expected


def test_names_go_from_keys_and_values_at_every_level() -> None:
    json = {"of anna": [{"n": 1, "who": "x/anna"}, None, 2.5, True], "of Anna": "bob"}

    assert MASK.value(json) == {
        "of erased": [{"n": 1, "who": "x/erased"}, None, 2.5, True],
        "of erased+": "erased",
    }


def test_without_names_nothing_goes() -> None:
    assert NameMask(frozenset()).value({"anna": "anna"}) == {"anna": "anna"}
    assert NameMask(frozenset({"b"})).text("a b") == "a b"
