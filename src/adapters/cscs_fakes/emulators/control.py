"""The controls of an emulated site over HTTP, for tests that live in another process.

`GET /_emulator/` tells what there is; `POST /_emulator/{part}/{name}` with a JSON object as
arguments calls what `control_calls` allows, and answers `{"result": ...}` or 400 `{"error": ...}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cscs_fakes.emulators.control_calls import Controls
from cscs_json import encode

if TYPE_CHECKING:
    from cscs_fakes.emulators.site import EmulatedSite

_Arguments: TypeAlias = dict[str, object]


def control_app(site: EmulatedSite) -> ASGIApp:
    """The controls of this site, at `/_emulator/`."""
    controls = Controls(site)

    async def state(request: Request) -> Response:
        del request
        return _json(200, {"result": controls.state()})

    async def call(request: Request) -> Response:
        part, name = request.path_params["part"], request.path_params["name"]
        found = controls.named(part, name)
        if found is None:
            return _json(
                404, {"error": f"no such control; there are: {', '.join(controls.names())}"}
            )
        try:
            return _json(200, {"result": found(**_arguments(await request.body()))})
        except (LookupError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    return Starlette(
        routes=[
            Route("/_emulator/", state, methods=["GET"]),
            Route("/_emulator/{part}/{name}", call, methods=["POST"]),
        ]
    )


def _arguments(body: bytes) -> _Arguments:
    return msgspec.json.decode(body or b"{}", type=_Arguments)


def _json(status: int, body: object) -> Response:
    return Response(encode(body), status, media_type="application/json")
