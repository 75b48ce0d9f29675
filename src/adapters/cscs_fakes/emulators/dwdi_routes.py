"""What DWDI answers. The texts of its errors are made up: nobody has described them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cscs_fakes.emulators.bearer_guard import Handler, guarded, url_length
from cscs_fakes.emulators.dwdi_questions import Asking, RefusedQuestionError, questions
from cscs_fakes.emulators.dwdi_usage import Question
from cscs_json import encode

if TYPE_CHECKING:
    from cscs_fakes.emulators.dwdi import DwdiEmulator


@attrs.frozen(kw_only=True)
class DwdiCall:
    """One request that was let in: whom and when it asked about, and its URL's length in bytes."""

    path: str
    subjects: tuple[str, ...]
    periods: tuple[str, ...]
    clusters: tuple[str, ...]
    url_length: int


def dwdi_routes(service: DwdiEmulator) -> list[Route]:
    """Every endpoint of both profiles, for those who bring a token."""
    return [
        Route(path, guarded(service, _answering(service, asking)), methods=["GET"])
        for path, asking in questions(service.this_month).items()
    ]


async def not_found(request: Request, error: Exception) -> Response:
    """What all other paths answer."""
    del error
    return _json(404, {"error": "Not Found", "message": f"Nothing is at {request.url.path}."})


def _answering(service: DwdiEmulator, asking: Asking) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            question = asking(request)
        except RefusedQuestionError as refused:
            return _json(refused.status, {"error": "Bad Request", "message": str(refused)})
        service.calls.append(_call(request, question))
        return _json(200, {question.kind.value: service.rows(question)})

    return answer


def _call(request: Request, question: Question) -> DwdiCall:
    return DwdiCall(
        path=request.url.path,
        subjects=tuple(sorted(question.subjects)),
        periods=tuple(map(str, question.periods)),
        clusters=tuple(sorted(question.clusters)),
        url_length=url_length(request),
    )


def _json(status: int, body: object) -> Response:
    return Response(encode(body), status, media_type="application/json")
