"""What the HPC User API answers. The texts of its errors are made up: nobody has described them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from cscs_fakes.emulators.bearer_guard import guarded, url_length

if TYPE_CHECKING:
    from cscs_fakes.emulators.hpc_user import HpcUserEmulator

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
        Route(f"{_EXPORT}/waldur/projects", guarded(service, answers.projects), methods=["GET"]),
        Route(USER_PATH, guarded(service, answers.user), methods=["GET"]),
    ]


class _Answers:
    def __init__(self, service: HpcUserEmulator) -> None:
        self._service = service

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
        call = HpcUserCall(path=request.url.path, slugs=slugs, url_length=url_length(request))
        self._service.calls.append(call)
