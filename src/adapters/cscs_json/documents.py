"""Documents of storage rows as bytes, and back. Source: spec 002; ADR 0018.

Writing takes the rows one by one and needs memory for a few of them only. Reading leaves rows as
text until their turn comes, and makes the members that many rows share once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem
from cscs_domain.storage.document_wire import (
    RESULT,
    ROWS,
    RowReader,
    document_from_wire,
    document_of_rows,
    document_row_from_wire,
    document_to_wire,
    problems_to_wire,
)
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, StorageDocument
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire_decoding import SHARED_MEMBERS, member_from_wire, row_from_wire
from cscs_json.encoding import encode, encode_row
from cscs_json.waldur_decoding import GIVES_UP, MalformedPageError, decode_json

_ROWS_A_CHUNK: Final = 64
_DEPTH: Final = {DocumentFormat.ENVELOPE: 3, DocumentFormat.RESOURCES: 1}
"""How deep rows stand, in lists or objects."""
_MOST_REMEMBERED: Final = 1 << 13

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_VALUE: Final = msgspec.json.Decoder(float_hook=Decimal)


def document_chunks(head: DocumentHead, rows: Iterable[StorageRow]) -> Iterator[bytes]:
    """A document piece by piece, some 100 kB each. Rows are taken when they are needed."""
    if head.format is DocumentFormat.NDJSON:
        for some in _batches(rows):
            yield b"".join([encode_row(row) + b"\n" for row in some])
        return
    before, _ = _around_rows(head, 0)
    depth = _DEPTH[head.format]
    total = 0
    for some in _batches(rows):
        yield (b"," if total else before + b"[") + _indented_rows(some, depth)
        total += len(some)
    _, after = _around_rows(head, total)
    end = b"\n" + b"  " * (depth - 1) + b"]" if total else before + b"[]"
    yield end + after + b"\n"


def encode_document(document: StorageDocument) -> bytes:
    """A whole document."""
    return b"".join(document_chunks(document.head, document.rows))


def encode_problems(document: str, date: datetime, problems: Iterable[Problem]) -> bytes:
    """The list of problems that stands beside the document of this name."""
    return _indented(problems_to_wire(document, date, problems)) + b"\n"


def _batches(rows: Iterable[StorageRow]) -> Iterator[list[StorageRow]]:
    left = iter(rows)
    while some := list(islice(left, _ROWS_A_CHUNK)):
        yield some


def _around_rows(head: DocumentHead, total: int) -> tuple[bytes, bytes]:
    """What stands before and after the list of rows."""
    empty = _indented(document_to_wire(head, [], total))
    # Nothing but numbers comes after the rows, so the last brackets are theirs.
    before, _, after = empty.rpartition(b"[]")
    return before, after


def _indented_rows(rows: Iterable[StorageRow], depth: int) -> bytes:
    """Rows with commas between them, each on lines of its own, as deep as they will stand."""
    text = b"[" * depth + b",".join(map(encode_row, rows)) + b"]" * depth
    # Cut off what was put around: a bracket a level, each but the first on a line of its own.
    around = sum(2 + 2 * level for level in range(depth)) - 1
    return msgspec.json.format(text, indent=2)[around : -around - 1]


def _indented(value: object) -> bytes:
    return msgspec.json.format(encode(value), indent=2)


def decode_document(data: bytes, *, suffix: str | None = None) -> StorageDocument:
    """A document out of its bytes, whichever of the three formats it has.

    `suffix` is how the file's name ends: `ndjson` for one row a line, `json` for everything else,
    None if there is no name. An empty file is a document, of no rows, only if it is `ndjson`.

    Raises `InvalidValueError` in one sentence.
    """
    row = _row_reader()
    if suffix == DocumentFormat.NDJSON.suffix or (suffix is None and _begins_with_a_row(data)):
        lines = data.removesuffix(b"\n").split(b"\n") if data else []
        return document_of_rows(map(msgspec.Raw, lines), row=row)
    return document_from_wire(_outline(data), row=row)


def _begins_with_a_row(data: bytes) -> bool:
    end = data.find(b"\n")
    try:
        return "itemId" in _MEMBERS.decode(data if end < 0 else data[:end])
    except GIVES_UP:
        return False


def _outline(data: bytes) -> object:
    """The decoded document with rows left as text, if it has the shape of one."""
    try:
        if data.lstrip().startswith(b"["):
            return _TEXTS.decode(data)
        members = _MEMBERS.decode(data)
        result = _MEMBERS.decode(members.pop(RESULT))
        rows = _TEXTS.decode(result.pop(ROWS))
        return {**_values(members), RESULT: {**_values(result), ROWS: rows}}
    except (*GIVES_UP, KeyError):
        return _any_json(data)


def _values(members: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    return {member: _VALUE.decode(text) for member, text in members.items()}


def _any_json(data: bytes) -> object:
    try:
        return decode_json(data)
    except MalformedPageError as error:
        raise InvalidValueError("JSON", f"of {len(data)} bytes", f"is {error}") from None


def _row_reader() -> RowReader:
    """Makes rows of their text, and remembers what many of them share."""

    @lru_cache(_MOST_REMEMBERED)
    def shared(name: str, text: bytes) -> object:
        return member_from_wire(name, _VALUE.decode(text))

    def row(wire: object) -> StorageRow:
        if not isinstance(wire, msgspec.Raw):
            return document_row_from_wire(wire)
        try:
            members = {
                name: shared(name, bytes(text)) if name in SHARED_MEMBERS else _VALUE.decode(text)
                for name, text in _MEMBERS.decode(wire).items()
            }
            return row_from_wire(members)
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            return document_row_from_wire(_any_json(bytes(wire)))

    return row
