"""A page of Waldur's JSON as the domain's input rows.

The fast way decodes straight into `WaldurRow`. msgspec gives up on a whole page for one bad row,
so a page that it refuses is read again the slow way, row by row; a page that even then is no JSON
list raises `MalformedPageError` with line and column. A large document that was split into the
texts of its rows is decoded by `decode_each`, where a bad row concerns nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NoReturn, cast
from uuid import UUID

import attrs
import msgspec

from cscs_domain.errors import InvalidValueError
from cscs_domain.ports import ResourcePage
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.waldur_rows import WaldurRow

_FAST: Final = msgspec.json.Decoder(list[WaldurRow], float_hook=Decimal)
_TEXTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ONE: Final = msgspec.json.Decoder(WaldurRow, float_hook=Decimal)
GIVES_UP: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError)
"""What fast decoding raises: the last one for exponents that no `Decimal` can have."""


@attrs.define(slots=False, eq=False)
class MalformedPageError(ValueError):
    """The bytes are not a JSON list: what is wrong and where, without the bytes themselves."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def decode_rows(page: bytes, where: str = "row") -> ResourcePage:
    """Decode one page; rows that are no rows become problems named `where` and their position."""
    try:
        return ResourcePage(_FAST.decode(page))
    except GIVES_UP:
        return _decode_row_by_row(page, where)


def _decode_row_by_row(page: bytes, where: str) -> ResourcePage:
    try:
        texts = _TEXTS.decode(page)
    except GIVES_UP:
        return rows_from_objects(decode_raw_rows(page), where)
    return decode_each(texts, where)


def rows_from_objects(
    items: Iterable[object], where: str = "row", *, first: int = 0
) -> ResourcePage:
    """Rows out of decoded JSON values; `first` is the position of the first one."""
    rows: list[WaldurRow] = []
    problems: list[Problem] = []
    for position, item in enumerate(items, first):
        try:
            rows.append(WaldurRow.from_mapping(item))
        except InvalidValueError as error:
            problems.append(_not_a_row(item, f"{where} {position}", error))
    return ResourcePage(rows, tuple(problems))


def decode_each(
    texts: Iterable[msgspec.Raw], where: str = "row", *, first: int = 0
) -> ResourcePage:
    """Rows out of the JSON texts of single rows; `first` is the position of the first one."""
    rows: list[WaldurRow] = []
    problems: list[Problem] = []
    for position, text in enumerate(texts, first):
        try:
            rows.append(_ONE.decode(text))
        except GIVES_UP:
            page = _decode_with_care(bytes(text), where, position)
            rows += page.rows
            problems += page.problems
    return ResourcePage(rows, tuple(problems))


def _decode_with_care(text: bytes, where: str, position: int) -> ResourcePage:
    try:
        return rows_from_objects([decode_json(text)], where, first=position)
    except MalformedPageError as error:
        return ResourcePage((), (_not_a_row(None, f"{where} {position}", error),))


def decode_raw_rows(page: bytes) -> Sequence[object]:
    """The same page with everything that Waldur sent; fractions as `Decimal`."""
    decoded = decode_json(page)
    if not isinstance(decoded, list):
        raise MalformedPageError(f"expected a list of resources, got {type(decoded).__name__}")
    return decoded


def decode_json(text: bytes) -> object:
    """Any JSON value; fractions as `Decimal`. Raises `MalformedPageError`."""
    try:
        return cast(object, json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise MalformedPageError(f"not JSON: {error.msg} at {at}") from None
    except UnicodeDecodeError as error:
        raise MalformedPageError(f"not UTF-8: byte {error.start}") from None
    except RecursionError:
        raise MalformedPageError("nested too deeply") from None
    except ArithmeticError:
        raise MalformedPageError("not usable JSON: a number's exponent is too long") from None
    except ValueError as error:  # NaN and Infinity, or a number of thousands of digits
        raise MalformedPageError(f"not usable JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _not_a_row(item: object, place: str, error: Exception) -> Problem:
    return Problem(
        ProblemCode.MALFORMED_RECORD,
        Severity.ERROR,
        f"{place}: {error}",
        resource=_uuid_of(item) or place,
    )


def _uuid_of(item: object) -> str | None:
    """The row's uuid in canonical form, if it has a readable one."""
    uuid = item.get("uuid") if isinstance(item, Mapping) else None
    try:
        return str(UUID(uuid)) if isinstance(uuid, str) else None
    except ValueError:
        return None
