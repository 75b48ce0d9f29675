"""The body of a correction: which link an event should have, and why. Every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from cscs_api.bounded_body import PATIENCE, BodyTooLargeError, BodyTooSlowError, read_body
from cscs_api.query_reader import Detail, QueryError, QueryReader, mistake
from cscs_api.request_facts import header
from cscs_bootstrap.json_text import MalformedJsonError, decode_strictly
from cscs_domain.errors import InvalidValueError, UnknownEntryError
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.link_correction import LEFT_OUT, Choice, CorrectionRequest

LONGEST_REASON: Final = LONGEST_VALUE
ENTRIES: Final = ("user", "project", "allocation")

_MOST_BYTES: Final = 64 * 1024
_MOST_MISTAKES: Final = 20
_NO_REASON: Final = "no reason given"
_HELP: Final = "Members: user, project, allocation (text or null; left out stays), reason (text)."


async def read_correction(request: Request, *, patience: timedelta = PATIENCE) -> CorrectionRequest:
    """Read a body. Raises `QueryError`, and `HTTPException` for what is no JSON or too much."""
    kind = (header(request.scope, b"content-type") or "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise HTTPException(415, "The body must be JSON: send Content-Type: application/json.")
    try:
        body = await read_body(request, most=_MOST_BYTES, patience=patience)
    except BodyTooLargeError as error:
        raise HTTPException(413, str(error)) from None
    except BodyTooSlowError as error:
        raise HTTPException(408, str(error)) from None
    return parse_correction(body)


def parse_correction(body: bytes) -> CorrectionRequest:
    """Read JSON; raises `QueryError`."""
    try:
        value = decode_strictly(body)
    except MalformedJsonError as error:
        raise QueryError([_mistake((), f"The body is {error}.")]) from None
    if not isinstance(value, dict):
        raise QueryError([_mistake((), "The body must be an object.")])
    if mistakes := _mistakes(value):
        raise QueryError(mistakes[:_MOST_MISTAKES])
    try:
        return CorrectionRequest(
            reason=value["reason"], **{name: _choice(value, name) for name in ENTRIES}
        )
    except InvalidValueError as error:
        raise refused_value(error) from None


def read_withdrawal(query: bytes) -> str:
    """Why a correction is taken back. Raises `QueryError`."""
    reader = QueryReader(query, ("reason",))
    reason = reader.text("reason", longest=LONGEST_REASON, printable=True)
    reader.finish()
    return (reason or "").strip() or _NO_REASON


def refused_value(error: InvalidValueError) -> QueryError:
    """What no correction can have, as a mistake in the body."""
    return QueryError([_mistake((error.what,), f"{error}.")])


def unknown_entry(error: UnknownEntryError) -> QueryError:
    """The same as a mistake in the body."""
    return QueryError([_mistake((error.kind,), f"{error}.", error.name)])


def _mistakes(value: Mapping[str, object]) -> list[Detail]:
    found = [
        _mistake((name,), "There is no such member.")
        for name in value
        if name not in {*ENTRIES, "reason"}
    ]
    if not isinstance(value.get("reason"), str):
        found.append(_mistake(("reason",), "reason must be text."))
    found += [
        _mistake((name,), f"{name} must be text or null.")
        for name in ENTRIES
        if not isinstance(value.get(name), str | None)
    ]
    return found


def _choice(value: Mapping[str, object], name: str) -> Choice:
    if name not in value:
        return LEFT_OUT
    choice = value[name]
    return choice if isinstance(choice, str) else None


def _mistake(where: tuple[str, ...], message: str, given: str | None = None) -> Detail:
    place = ("body", *(name[:40].encode("ascii", "replace").decode() for name in where))
    return mistake("body_invalid", place, message, given, {"help": _HELP})
