"""Laws of documents' names: each is read back, none is another's, and links name their systems."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cscs_domain.storage.document_names import DocumentName, OrderKind, OrderSubject, Series
from cscs_domain.storage.documents import DocumentFormat
from cscs_fakes.strategies import any_text, path_segments

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES)
SUBJECTS = st.none() | st.builds(OrderSubject, st.sampled_from(OrderKind), st.uuids())
SUFFIXES = st.sampled_from([form.suffix for form in DocumentFormat])


def stamp_of(moment: datetime) -> str:
    return DocumentName.of_all(moment, DocumentFormat.ENVELOPE).stamp


def names(*, last: int = 999_999) -> SearchStrategy[DocumentName]:
    return st.builds(
        DocumentName,
        stamp=MOMENTS.map(stamp_of),
        subject=SUBJECTS,
        copy=st.integers(1, last),
        suffix=SUFFIXES,
    )


def series() -> SearchStrategy[Series]:
    systems = st.lists(path_segments(), max_size=4, unique=True).map(tuple)
    return st.builds(Series, systems, SUFFIXES)


@given(names())
def test_a_name_is_read_back_from_its_spellings(name: DocumentName) -> None:
    assert [DocumentName.parse(text) for text in name.spellings] == [name] * len(name.spellings)
    assert name.spellings[0] == name.text


@given(names())
def test_the_list_of_problems_beside_a_document_is_no_document(name: DocumentName) -> None:
    assert DocumentName.parse(name.problems_text) is None


@given(names(), names())
def test_different_names_have_different_texts(one: DocumentName, other: DocumentName) -> None:
    assert (one.text == other.text) == (one == other)


@given(names(last=999_998))
def test_the_next_copy_is_younger_and_about_the_same(name: DocumentName) -> None:
    following = name.next_copy

    assert following.age_order > name.age_order
    assert (following.stamp, following.subject) == (name.stamp, name.subject)
    assert following.problems_text != name.problems_text


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_names_in_one_zone_sort_as_their_moments(moment: datetime, later: timedelta) -> None:
    try:
        second = moment + later
    except OverflowError:
        return

    assert stamp_of(moment) <= stamp_of(second)


@given(any_text() | st.from_regex(r"\d{4}-\d\d-\d\d-\d\d-\d\d-all(\.\d+)?\.json"))
def test_any_text_is_no_name_or_a_document_of_just_that_name(text: str) -> None:
    name = DocumentName.parse(text)

    assert name is None or name.text == text


@given(series(), series())
def test_a_link_belongs_to_one_series(one: Series, other: Series) -> None:
    assert (one.link == other.link) == (one == other)


@given(series())
def test_a_link_is_one_harmless_name_in_a_folder(of: Series) -> None:
    assert of.link.startswith("latest")
    assert set("/\x00\n").isdisjoint(of.link)
    assert len(of.link.encode()) <= 255
    assert DocumentName.parse(of.link) is None
