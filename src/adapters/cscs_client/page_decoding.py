"""A page of the answer, from bytes to values. Source: DESIGN section 4.

The frame is read strictly: a page that is not what was agreed is an error. A row or problem that
cannot be understood, since the server is newer, takes nothing else with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from cscs_client.answers import ReportedProblem, StoragePage
from cscs_domain._text import label
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire_decoding import row_from_wire
from cscs_http.answer import Answer
from cscs_http.error_texts import readable

_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]{1,200}"')
_NEWER: Final = "Update the client, then look at the row in the server's answer."


def page_of(answer: Answer) -> StoragePage:
    """The page in a good answer. Raises `UpstreamServiceError` for anything else."""
    body = answer.json()
    if not isinstance(body, Mapping):
        raise answer.unusable("answered with something that is no object")
    try:
        return _page(answer, body)
    except (KeyError, TypeError) as error:
        raise answer.unusable(f"answered with no page of storage rows: {_why(error)}") from None


def _page(answer: Answer, body: Mapping[str, object]) -> StoragePage:
    pagination = _object(body["pagination"], "pagination")
    rows, unreadable = _rows(_list(body["resources"], "resources"))
    return StoragePage(
        number=_whole(pagination["current"], "pagination.current"),
        pages=_whole(pagination["pages"], "pagination.pages"),
        total=_whole(pagination["total"], "pagination.total"),
        snapshot=_text(pagination["snapshot"], "pagination.snapshot"),
        rows=rows,
        problems=tuple(map(_problem, _list(body["problems"], "problems"))),
        unreadable=unreadable,
        age=_age(answer.headers.get("age", "")),
        stale=answer.headers.get("warning", "").lstrip().startswith("110"),
        version=label(body.get("version")),
        etag=_etag(answer.headers.get("etag", "")),
    )


def _rows(wires: Sequence[object]) -> tuple[tuple[StorageRow, ...], tuple[ReportedProblem, ...]]:
    rows, problems = [], []
    for wire in wires:
        try:
            rows.append(row_from_wire(wire))
        except InvalidValueError as error:
            problems.append(_unreadable(wire, error))
    return tuple(rows), tuple(problems)


def _unreadable(wire: object, error: InvalidValueError) -> ReportedProblem:
    name = wire.get("itemId") if isinstance(wire, Mapping) else None
    return ReportedProblem.of(
        Problem(
            ProblemCode.MALFORMED_RECORD,
            Severity.ERROR,
            f"this client cannot understand the row: {readable(str(error))}",
            _NEWER,
            None if name is None else _canonical(name),
        )
    )


def _canonical(name: object) -> str:
    try:
        return str(UUID(name)) if isinstance(name, str) else label(name)
    except ValueError:
        return label(name)


def _problem(wire: object) -> ReportedProblem:
    members = wire if isinstance(wire, Mapping) else {"message": wire}
    resource = members.get("resource")
    return ReportedProblem(
        code=label(members.get("code", ProblemCode.MALFORMED_RECORD.value)),
        severity=label(members.get("severity", Severity.ERROR.value)),
        message=_shown_text(members.get("message")),
        hint=_shown_text(members.get("hint")),
        resource=None if resource is None else label(resource),
    )


def _shown_text(value: object) -> str:
    if value is None:
        return ""
    return readable(value) if isinstance(value, str) else label(value)


def _etag(text: str) -> str:
    """A tag that can be sent back; else nothing, and no question is cheap."""
    return text if _ETAG.fullmatch(text) else ""


def _age(text: str) -> timedelta:
    usable = text.isascii() and text.isdigit() and len(text) < 10
    return timedelta(seconds=int(text) if usable else 0)


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{where} is no object")
    return value


def _list(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError(f"{where} is no list")
    return value


def _whole(value: object, where: str) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{where} is no whole number")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{where} is no text")
    return value


def _why(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
