"""What lies before services that take bearer tokens: too long a URL, or no token, ends here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

LONGEST_URL: Final = 8 * 1024
"""Bytes of path and query, as web servers in front of such services allow."""


class Guarded(Protocol):
    """A service that lets some tokens in and counts whom it did not let in."""

    accepts: Callable[[str], bool]
    refusals: int


def guarded(service: Guarded, answer: Handler) -> Handler:
    """The same for people with a valid token and a URL that is not too long."""

    async def endpoint(request: Request) -> Response:
        if url_length(request) > LONGEST_URL:
            return HTMLResponse("<h1>414 Request-URI Too Large</h1>", 414)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not service.accepts(token.strip()):
            service.refusals += 1
            body = {"error": "Unauthorized", "message": "A valid bearer token is required."}
            return JSONResponse(body, 401, headers={"WWW-Authenticate": "Bearer"})
        return await answer(request)

    return endpoint


def url_length(request: Request) -> int:
    """Bytes of path and query as they were sent."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return len(path) + (len(query) + 1 if query else 0)
