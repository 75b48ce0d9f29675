"""Error answers of our API as errors of the domain. Source: DESIGN section 4.

Texts are escaped and bounded, and end with the id under which the server's log has the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final

from cscs_domain._text import label, shown
from cscs_domain.errors import (
    AuthenticationError,
    CscsError,
    InvalidValueError,
    PermissionDeniedError,
    SnapshotGoneError,
)
from cscs_http.answer import Answer
from cscs_http.error_texts import readable, said_in
from cscs_http.errors import UnusableAnswerError

REFUSALS: Final = frozenset({401, 403, 410, 422})
"""Statuses that the same request would get again."""
_MOST_MISTAKES: Final = 8
_UNSAID: Final = "something that quotes our token"


def refusal_of(answer: Answer, snapshot: str | None, quotes: Callable[[str], bool]) -> CscsError:
    """The error that one of `REFUSALS` stands for; `quotes` tells texts that repeat the token."""
    body = _body(answer)

    def said(text: str) -> str:
        return _UNSAID if quotes(text) else text

    end = _request_id(answer, body, said)
    detail = said(_detail(answer, body)) + end
    match answer.status:
        case 401:
            return AuthenticationError(detail)
        case 403:
            return PermissionDeniedError(detail, said(_text(body.get("help"))))
        case 410:
            return SnapshotGoneError(snapshot or "")
        case _:
            return _refused_query(body, said, detail, end)


def _refused_query(
    body: Mapping[str, object], said: Callable[[str], str], detail: str, end: str
) -> InvalidValueError:
    mistakes = list(islice(_mistakes(body.get("detail")), _MOST_MISTAKES))
    if not mistakes:
        return InvalidValueError("query", "of the storage API", f"is refused: {detail}")
    names = ", ".join(dict.fromkeys(name for name, _, _ in mistakes))
    values = ", ".join(value for _, value, _ in mistakes)
    reasons = " ".join(reason for _, _, reason in mistakes)
    return InvalidValueError(said(names), said(values), f"is refused: {said(reasons)}{end}")


def _mistakes(detail: object) -> Iterator[tuple[str, str, str]]:
    """Of every mistake in the body: the parameter, the value, and what to do."""
    for each in detail if isinstance(detail, list) else []:
        if not isinstance(each, Mapping):
            continue
        place, context = each.get("loc"), each.get("ctx")
        name = label(place[-1]) if isinstance(place, list) and place else "query"
        help_ = context.get("help") if isinstance(context, Mapping) else None
        yield name, shown(each.get("input")), f"{_text(each.get('msg'))} {_text(help_)}".rstrip()


def _body(answer: Answer) -> Mapping[str, object]:
    """The members of the body; none if it is not ours, but a proxy's."""
    try:
        body = answer.json()
    except UnusableAnswerError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _detail(answer: Answer, body: Mapping[str, object]) -> str:
    detail = body.get("detail")
    if isinstance(detail, str):
        return readable(detail)
    kind = answer.headers.get("content-type", "")
    return f"{answer.place} answered {answer.status}: {said_in(answer.body, kind)}"


def _request_id(answer: Answer, body: Mapping[str, object], said: Callable[[str], str]) -> str:
    found = body.get("request_id") or answer.headers.get("x-request-id")
    return f" (request {said(label(found))})" if isinstance(found, str) else ""


def _text(value: object) -> str:
    return readable(value) if isinstance(value, str) else ""
