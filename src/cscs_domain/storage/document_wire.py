"""The wire form of documents around their rows. Source: spec 002; ADR 0018.

Encoding gives plain dicts as `wire` does. Decoding takes what a JSON library made of a document
and is strict, but for what programs of the first generation wrote otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.first_generation import first_generation_row
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire import Wire, problem_to_wire
from cscs_domain.storage.wire_decoding import row_from_wire

RESULT: Final = "result"
ROWS: Final = "storageResources"
"""Where an envelope has its rows: member `ROWS` of its member `RESULT`."""

_STATUS: Final = "success"
_CODE: Final = 200
_PAGINATE: Final = "paginate"


def document_to_wire(head: DocumentHead, rows: list[object], total: int) -> object:
    """A document laid out around its rows, which may be any values; lines have no such layout."""
    if head.meta is None:
        return rows
    result: Wire = {ROWS: rows}
    if not head.is_order:
        result[_PAGINATE] = _one_page(total)
    return {"status": _STATUS, "code": _CODE, "meta": _meta_to_wire(head.meta), RESULT: result}


def problems_to_wire(document: str, date: datetime, problems: Iterable[Problem]) -> Wire:
    """The list of problems beside the document of this name."""
    return {
        "document": document,
        "date": date.isoformat(),
        "problems": [problem_to_wire(problem) for problem in problems],
    }


def _meta_to_wire(meta: DocumentMeta) -> Wire:
    return {"date": meta.date.isoformat(), "appVersion": meta.app_version}


def _one_page(total: int) -> Wire:
    # A document is one page of everything; consumers of pages find what they look for.
    return {"current": 1, "limit": total, "offset": 0, "pages": 1, "total": total}


def document_row_from_wire(wire: object) -> StorageRow:
    """One row of a document, ours or of the first generation. Raises `InvalidValueError`."""
    try:
        return row_from_wire(wire)
    except InvalidValueError:
        return row_from_wire(first_generation_row(wire))


RowReader = Callable[[object], StorageRow]
"""Makes a row of whatever stands in the place of one, or raises `InvalidValueError`."""


def document_from_wire(
    value: object, *, row: RowReader = document_row_from_wire
) -> StorageDocument:
    """A document out of its decoded JSON: an envelope or a list of rows.

    Raises `InvalidValueError` that says what is wrong, of rows the first one that is and all its
    members at fault.
    """
    if isinstance(value, list):
        head = DocumentHead(format=DocumentFormat.RESOURCES)
        return StorageDocument(head, _rows(value, row, "row"))
    if isinstance(value, Mapping):
        return _from_envelope(value, row)
    raise unusable_document(f"it is {shown(value)}, neither an object nor a list")


def document_of_rows(
    wires: Iterable[object], *, row: RowReader = document_row_from_wire
) -> StorageDocument:
    """A document out of the decoded JSON of its lines, one row each.

    Raises `InvalidValueError` as `document_from_wire` does.
    """
    return StorageDocument(DocumentHead(format=DocumentFormat.NDJSON), _rows(wires, row, "line"))


def unusable_document(reason: str) -> InvalidValueError:
    """The error of a document that is none."""
    return InvalidValueError("document", "as it stands", f"cannot be used: {reason}")


def _rows(wires: Iterable[object], row: RowReader, place: str) -> tuple[StorageRow, ...]:
    rows: list[StorageRow] = []
    try:
        for wire in wires:
            rows.append(row(wire))  # noqa: PERF401  # how many there are tells where it ended
    except InvalidValueError as error:
        raise InvalidValueError(
            "document", f"with {place} {len(rows) + 1}", f"cannot be used: {error}"
        ) from None
    return tuple(rows)


def _from_envelope(wire: Mapping[str, object], row: RowReader) -> StorageDocument:
    status, code, result = wire.get("status"), wire.get("code"), wire.get(RESULT)
    if status != _STATUS:
        raise unusable_document(f"its status is {shown(status)}, not {_STATUS!r}")
    if type(code) is not int or code != _CODE:
        raise unusable_document(f"its code is {shown(code)}, not {_CODE}")
    if not isinstance(result, Mapping):
        raise unusable_document(f"its {RESULT} is {shown(result)}, not an object")
    wires = result.get(ROWS)
    if not isinstance(wires, list):
        raise unusable_document(f"its {RESULT}.{ROWS} is {shown(wires)}, not a list")
    has_page = _PAGINATE in result
    if has_page:
        _check_page(result[_PAGINATE], len(wires))
    head = DocumentHead(meta=_meta_from_wire(wire), is_order=not has_page)
    return StorageDocument(head, _rows(wires, row, "row"))


def _meta_from_wire(wire: Mapping[str, object]) -> DocumentMeta:
    meta = wire.get("meta")
    if not isinstance(meta, Mapping):
        raise unusable_document(f"its meta is {shown(meta)}, not an object")
    date, version = meta.get("date"), meta.get("appVersion")
    if not isinstance(version, str) or not is_encodable(version):
        raise unusable_document(f"its meta.appVersion is {shown(version)}, not text")
    try:
        moment = datetime.fromisoformat(date) if isinstance(date, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise unusable_document(f"its meta.date is {shown(date)}, not an ISO 8601 date")
    if moment.tzinfo is None:  # the first generation's, in a zone that nobody wrote down
        moment = moment.replace(tzinfo=UTC)
    return DocumentMeta(moment, version)


def _check_page(page: object, rows: int) -> None:
    if not isinstance(page, Mapping):
        raise unusable_document(f"its {_PAGINATE} is {shown(page)}, not an object")
    numbers = {
        member: number
        for member in _one_page(rows)
        if isinstance(number := page.get(member), int) and not isinstance(number, bool)
    }
    if numbers.get("total") != rows:
        total = shown(page.get("total"))
        raise unusable_document(f"it has {rows} rows of {total}: somebody has cut it")
    # In the first generation the limit is that of the page asked for, whatever there was.
    if numbers.get("limit", -1) < rows or numbers | {"limit": rows} != _one_page(rows):
        said = ", ".join(f"{member} {shown(page.get(member))}" for member in _one_page(rows))
        raise unusable_document(f"its {_PAGINATE} is not that of a single page: {said}")
