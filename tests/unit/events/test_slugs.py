"""Slugs of titles: contract, section 4.1."""

from __future__ import annotations

import pytest
from hypothesis import given

from cscs_domain.events.slugs import slug
from cscs_fakes.strategies import any_text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Alpine Climate", "alpine-climate"),
        ("  Alpine   Climate\t", "alpine-climate"),
        ("alpine_climate--2025", "alpine-climate-2025"),
        ("_-alpine-_", "alpine"),
        ("Hélène Čapková", "helene-capkova"),
        ("CERIT-SC", "cerit-sc"),
        ("R&D: 100%", "rd-100"),
        ("ﬁne ② ™", "fine-2-tm"),
        ("Λ-Baryons", "λ-baryons"),
        ("ß", "ß"),
        ("İstanbul", "istanbul"),
        ("日本", "日本"),
        ("!?", "project"),
        ("", "project"),
        ("project", "project"),
    ],
)
def test_a_slug_is_words_and_dashes(text: str, made: str) -> None:
    assert slug(text) == made


@given(any_text())
def test_the_slug_of_a_slug_is_itself(text: str) -> None:
    assert slug(slug(text)) == slug(text)


@given(any_text())
def test_texts_that_differ_in_case_alone_have_one_slug(text: str) -> None:
    assert slug(text.lower()) == slug(text)


@given(any_text())
def test_a_slug_has_neither_blanks_nor_dashes_at_its_ends(text: str) -> None:
    made = slug(text)

    assert made == made.strip("-_ \t\n")
    assert "--" not in made
    assert not any(letter.isspace() for letter in made)
