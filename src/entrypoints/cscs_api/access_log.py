"""One line a request, and a last answer for what nobody expected. Plain ASGI, for speed."""

from __future__ import annotations

import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cscs_api.error_answers import UNEXPECTED, error_response
from cscs_api.request_facts import facts_of

_LOG: Final = structlog.get_logger("cscs.access")


class AccessLog:
    """Gives each request its id, logs it when it has been answered, and catches what is left."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; other kinds of scope pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        facts = facts_of(scope)
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", facts.request_id.encode()))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception:
            _LOG.exception("request_failed", request_id=facts.request_id, path=_path(scope))
            if status:
                raise  # half an answer is out: only a broken connection tells the truth
            answer = error_response(
                facts.request_id, 500, {"detail": UNEXPECTED, "error": "InternalError"}
            )
            await answer(scope, receive, send_and_note)
        finally:
            client = scope.get("client")
            _LOG.info(
                "request",
                method=scope["method"],
                path=_path(scope),
                status=status,
                duration_ms=round((time.perf_counter() - began) * 1000, 2),
                client=client[0] if client else None,
                request_id=facts.request_id,
                **facts.noted,
            )


def _path(scope: Scope) -> str:
    """The path as printable ASCII of bounded length: it is a stranger's text in our log."""
    return ascii(scope["path"][:200])[1:-1]
