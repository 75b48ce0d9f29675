"""What the HPC User API answers. The texts of its errors are made up: nobody has described them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from cscs_fakes.emulators.hpc_user import HpcUserEmulator

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

LONGEST_URL: Final = 8 * 1024
"""Bytes of path and query, as web servers in front of such services allow."""

_NO_PAGE: Final = "<!doctype html><title>Not Found</title><h1>Not Found</h1>"
_EXPORT: Final = "/api/v1/export"
USER_PATH: Final = f"{_EXPORT}/cscs/users/{{username}}"


@attrs.frozen(kw_only=True)
class HpcUserCall:
    """One request that was let in: the slugs it asked for, and its URL's length in bytes."""

    path: str
    slugs: tuple[str, ...] = ()
    url_length: int = 0


def hpc_user_routes(service: HpcUserEmulator) -> list[Route]:
    """Both exports, for those who bring a token."""
    answers = _Answers(service)
    return [
        Route(f"{_EXPORT}/waldur/projects", answers.guarded(answers.projects), methods=["GET"]),
        Route(USER_PATH, answers.guarded(answers.user), methods=["GET"]),
    ]


class _Answers:
    def __init__(self, service: HpcUserEmulator) -> None:
        self._service = service

    def guarded(self, answer: _Handler) -> _Handler:
        """The same for people with a valid token and a URL that is not too long."""

        async def endpoint(request: Request) -> Response:
            if _url_length(request) > LONGEST_URL:
                return HTMLResponse("<h1>414 Request-URI Too Large</h1>", 414)
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not self._service.accepts(token.strip()):
                return self._refused()
            return await answer(request)

        return endpoint

    def _refused(self) -> Response:
        self._service.refusals += 1
        body = {"error": "Unauthorized", "message": "A valid bearer token is required."}
        return JSONResponse(body, 401, headers={"WWW-Authenticate": "Bearer"})

    async def projects(self, request: Request) -> Response:
        slugs = tuple(request.query_params.getlist("projects"))
        self._note(request, slugs)
        return JSONResponse({"projects": self._service.projects_named(slugs)})

    async def user(self, request: Request) -> Response:
        if not self._service.has_users:
            return HTMLResponse(_NO_PAGE, 404)
        username = request.path_params["username"]
        self._note(request, (username,))
        found = self._service.users_named(username)
        if not found:
            return JSONResponse({"error": "Not Found", "message": "There is no such user."}, 404)
        return JSONResponse(found[0] if len(found) == 1 else {"users": found})

    def _note(self, request: Request, slugs: tuple[str, ...]) -> None:
        call = HpcUserCall(path=request.url.path, slugs=slugs, url_length=_url_length(request))
        self._service.calls.append(call)


def _url_length(request: Request) -> int:
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return len(path) + (len(query) + 1 if query else 0)
