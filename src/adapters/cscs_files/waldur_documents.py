"""The forms in which a file may hold Waldur's rows, taken apart but not yet decoded.

* a list of rows, as the resources' endpoint sends it;
* an object `{"resources": [...]}`;
* a capture: a list of `{"request": {"method", "path"}, "response": {"status", "body"}, "note"}`.
  Of it, the bodies of successful reads of `marketplace-provider-resources/` count, lists and
  single resources alike, each time one was captured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs
import msgspec

from cscs_domain.ports import JsonObject, ResourcePage
from cscs_files.file_reading import SourceFile
from cscs_json.waldur_decoding import (
    GIVES_UP,
    MalformedPageError,
    decode_each,
    decode_json,
    rows_from_objects,
)

_PAGE: Final = 300
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_READ: Final = re.compile(r".*/marketplace-provider-resources/(?:[0-9A-Fa-f-]{32,36}/?)?(?:\?.*)?")


@attrs.frozen
class _Wrapped:
    resources: list[msgspec.Raw]


# Raw leaves the rows undecoded: the file is checked and split in one fast step, and the rows are
# then decoded one by one, so that no single call keeps the interpreter for itself for long.
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_WRAPPED: Final = msgspec.json.Decoder(_Wrapped)
_ANYTHING: Final = msgspec.json.Decoder(msgspec.Raw)


@attrs.frozen
class RowTexts:
    """Rows of one file, each as its JSON text or, in the rarer forms, already as a value."""

    where: str
    rows: Sequence[object]

    def pages(self) -> Iterator[ResourcePage]:
        """The domain's rows, at most 300 at a time."""
        for first in range(0, len(self.rows), _PAGE):
            some = self.rows[first : first + _PAGE]
            texts = [row for row in some if isinstance(row, msgspec.Raw)]
            if len(texts) == len(some):
                yield decode_each(texts, self.where, first=first)
            else:
                yield rows_from_objects(some, self.where, first=first)

    def raw_pages(self) -> Iterator[list[JsonObject]]:
        """The rows with every key, at most 300 at a time; what is no object is left out."""
        for first in range(0, len(self.rows), _PAGE):
            values = map(_value, self.rows[first : first + _PAGE])
            yield [value for value in values if isinstance(value, Mapping)]


def read_rows(file: SourceFile) -> list[RowTexts]:
    """Read a file in whichever form it has. Blocks; raises `UpstreamServiceError`."""
    document, _ = file.read()
    where = f"{file.path.name} row"
    try:
        rows = _split(document)
        if rows is not None:
            return [RowTexts(where, rows)]
        value = decode_json(document)
    except MalformedPageError as error:
        raise file.error(f"{error}{_place(document, error)}", retryable=True) from None
    return list(_rows_of(value, file, where))


def _split(document: bytes) -> Sequence[msgspec.Raw] | None:
    """The texts of the rows; None for a document that is to be decoded whole.

    That is a capture, a document of another form, or one that this fast parser refuses: it is
    stricter than JSON in lone surrogates, for which one row must not spoil the file.
    """
    try:
        if document.lstrip()[:1] == b"{":
            return _WRAPPED.decode(document).resources
        rows = _LIST.decode(document)
        return None if rows and _is_exchange(_value(rows[0])) else rows
    except GIVES_UP:
        return None


def _value(row: object) -> object:
    if not isinstance(row, msgspec.Raw):
        return row
    try:
        return decode_json(bytes(row))
    except MalformedPageError:
        return None  # one unreadable row: `pages` reports it as a problem


def _rows_of(value: object, file: SourceFile, where: str) -> Iterator[RowTexts]:
    if isinstance(value, Mapping) and isinstance(value.get("resources"), list):
        yield RowTexts(where, value["resources"])
    elif not isinstance(value, list):
        is_object = isinstance(value, Mapping)
        kind = "an object without it" if is_object else type(value).__name__
        raise file.error(
            f"expected a list of resources, or an object with such a list, at line 1; got {kind}",
            retryable=False,
        )
    elif value and _is_exchange(value[0]):
        yield from _captured(value, file)
    else:
        yield RowTexts(where, value)


def _is_exchange(value: object) -> bool:
    return isinstance(value, Mapping) and {"request", "response"} <= set(value)


def _captured(exchanges: Sequence[object], file: SourceFile) -> Iterator[RowTexts]:
    taken = 0
    for position, exchange in enumerate(exchanges):
        place = f"exchange {position}"
        request, response = _parts(exchange, place, file)
        if _reads_resources(request) and response.get("status") == 200:
            body = response.get("body")
            if not isinstance(body, (list, Mapping)):
                raise file.error(f"{place}: the body holds no resources", retryable=False)
            taken += 1
            rows = body if isinstance(body, list) else [body]
            yield RowTexts(f"{file.path.name} {place} row", rows)
    if not taken:
        reason = f"none of {len(exchanges)} exchanges is a successful read of provider resources"
        raise file.error(reason, retryable=False)


def _parts(exchange: object, place: str, file: SourceFile) -> tuple[JsonObject, JsonObject]:
    if isinstance(exchange, Mapping):
        request, response = exchange.get("request"), exchange.get("response")
        if isinstance(request, Mapping) and isinstance(response, Mapping):
            return request, response
    raise file.error(f"{place}: expected an object with request and response", retryable=False)


def _reads_resources(request: JsonObject) -> bool:
    path = request.get("path")
    is_get = request.get("method", "GET") == "GET"
    return is_get and isinstance(path, str) and _READ.fullmatch(path) is not None


def _place(document: bytes, error: MalformedPageError) -> str:
    """Where the document goes wrong, for those reasons that do not say it themselves."""
    if " at line " in str(error):
        return ""
    try:
        _ANYTHING.decode(document)
    except GIVES_UP as refusal:
        found = _BYTE.search(str(refusal))
        return _line_and_column(document, int(found[1])) if found else ""
    return ""


def _line_and_column(document: bytes, byte: int) -> str:
    line = document.count(b"\n", 0, byte) + 1
    column = byte - document.rfind(b"\n", 0, byte)
    return f" at line {line}, column {column}"
