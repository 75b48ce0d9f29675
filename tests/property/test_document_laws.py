"""Laws of documents: read back they are the same, and a part of one is never taken for a whole."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta, timezone
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.document_wire import document_from_wire
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.first_generation import first_generation_row
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.rows import StorageRow
from cscs_fakes.strategies import json_values, sites
from cscs_json import decode_document, document_chunks, encode_document, encode_row

_OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def _bytes_of(value: object) -> bytes:
    return json.dumps(value, default=str).encode()


def heads() -> SearchStrategy[DocumentHead]:
    metas = st.builds(DocumentMeta, st.datetimes(timezones=_OFFSETS), _NAMES)
    bare = st.sampled_from([DocumentFormat.RESOURCES, DocumentFormat.NDJSON])
    return st.one_of(
        st.builds(DocumentHead, meta=metas, is_order=st.booleans()),
        st.builds(DocumentHead, format=bare),
    )


@st.composite
def rows(draw: DrawFn) -> tuple[StorageRow, ...]:
    """The rows of a whole site, as often as not under names of any text."""
    site = draw(sites())
    found = build_hierarchy(site.waldur_rows, site.identities, site.policy).rows
    if not found or draw(st.booleans()):
        return found
    system = attrs.evolve(found[0].system, name=draw(_NAMES), key=draw(_NAMES), path=draw(_NAMES))
    return tuple(attrs.evolve(row, system=system) for row in found)


def documents() -> SearchStrategy[StorageDocument]:
    return st.builds(StorageDocument, heads(), rows())


@given(documents())
def test_a_document_read_back_is_the_same_document(document: StorageDocument) -> None:
    data = encode_document(document)

    assert decode_document(data, suffix=document.head.format.suffix) == document


@given(documents())
def test_readers_without_a_name_know_the_format_unless_there_is_nothing(
    document: StorageDocument,
) -> None:
    data = encode_document(document)

    if data:
        assert decode_document(data) == document


@given(heads(), rows(), st.integers(0, 200))
def test_a_document_does_not_depend_on_how_its_rows_come(
    head: DocumentHead, some: tuple[StorageRow, ...], copies: int
) -> None:
    many = (some * copies)[:200]
    streamed = b"".join(document_chunks(head, iter(many)))

    assert decode_document(streamed, suffix=head.format.suffix).rows == many
    if head.format is not DocumentFormat.NDJSON:
        indented = json.dumps(json.loads(streamed, parse_float=_Text), indent=2, ensure_ascii=False)
        assert streamed.decode() == _Text.unquoted(indented) + "\n"


class _Text(str):
    """The text of a number, which the standard library cannot write back exactly."""

    __slots__ = ()
    _MARK = "exactly "

    def __new__(cls, number: str) -> _Text:
        return super().__new__(cls, cls._MARK + number)

    @classmethod
    def unquoted(cls, text: str) -> str:
        pieces = text.split(f'"{cls._MARK}')
        return pieces[0] + "".join(piece.replace('"', "", 1) for piece in pieces[1:])


@given(documents(), st.data())
def test_a_part_of_a_document_is_refused_or_has_fewer_whole_lines(
    document: StorageDocument, data: st.DataObject
) -> None:
    whole = encode_document(document)
    end = data.draw(st.integers(0, max(0, len(whole) - 2)))
    suffix = document.head.format.suffix

    if document.head.format is DocumentFormat.NDJSON:
        with contextlib.suppress(InvalidValueError):
            part = decode_document(whole[:end], suffix=suffix).rows
            assert part == document.rows[: len(part)]
    else:
        with pytest.raises(InvalidValueError):
            decode_document(whole[:end], suffix=suffix)


def refusal(read: Callable[[], object]) -> str:
    """Why it is refused, or nothing."""
    try:
        read()
    except InvalidValueError as error:
        return str(error)
    return ""


@given(
    st.binary(max_size=40) | json_values().map(_bytes_of),
    st.sampled_from([None, "json", "ndjson"]),
)
def test_anything_is_a_document_or_refused_in_a_short_sentence(
    data: bytes, suffix: str | None
) -> None:
    assert len(refusal(lambda: decode_document(data, suffix=suffix))) < 1000


@given(documents().filter(lambda document: document.rows), st.data())
def test_a_document_with_a_spoilt_row_is_read_or_refused_for_that_row(
    document: StorageDocument, data: st.DataObject
) -> None:
    wires = [json.loads(encode_row(row), parse_float=Decimal) for row in document.rows]
    place = data.draw(st.integers(0, len(wires) - 1))
    wires[place][data.draw(st.sampled_from(sorted(wires[place])))] = data.draw(json_values())

    said = refusal(lambda: document_from_wire(wires))

    assert len(said) < 1000
    assert not said or f"row {place + 1} " in said


@given(rows())
def test_a_row_of_ours_is_nothing_of_the_first_generation(some: tuple[StorageRow, ...]) -> None:
    for row in some:
        wire = json.loads(encode_row(row), parse_float=Decimal)
        assert first_generation_row(wire) == wire


@given(json_values())
def test_anything_may_be_asked_whether_it_is_of_the_first_generation(value: object) -> None:
    for wire in (value, {"target": value, "quotas": [value, {"quota": value}]}):
        first_generation_row(wire)
