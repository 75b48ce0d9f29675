"""What the OIDC provider answers. Texts of errors are in the manner of Keycloak."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from cscs_fakes.emulators.oidc import OidcEmulator

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

_FORM: Final = "application/x-www-form-urlencoded"
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_WHO: Final = "Invalid client or Invalid client credentials"


def oidc_routes(provider: OidcEmulator) -> list[Route]:
    """The routes of both path styles."""
    answers = _Answers(provider)
    return [
        route
        for prefix in ("", "/auth")
        for route in (
            answers.route(prefix, ".well-known/openid-configuration", "GET", answers.discovery),
            answers.route(prefix, "protocol/openid-connect/certs", "GET", answers.jwks),
            answers.route(prefix, "protocol/openid-connect/token", "POST", answers.token),
        )
    ]


class _Answers:
    def __init__(self, provider: OidcEmulator) -> None:
        self._provider = provider

    def route(self, prefix: str, path: str, method: str, answer: _Handler) -> Route:
        """The path under every realm; those that do not exist are told so."""

        async def endpoint(request: Request) -> Response:
            if prefix not in self._provider.styles:
                return JSONResponse(
                    {"error": "Unable to find matching target resource method"}, 404
                )
            if request.path_params["realm"] != self._provider.realm:
                return JSONResponse({"error": "Realm does not exist"}, 404)
            return await answer(request)

        return Route(f"{prefix}/realms/{{realm}}/{path}", endpoint, methods=[method])

    async def discovery(self, request: Request) -> Response:
        self._provider.counts["discovery"] += 1
        realm = _realm_url(request)
        endpoints = f"{realm}/protocol/openid-connect"
        return JSONResponse(
            {
                "issuer": self._provider.announced_issuer or realm,
                "authorization_endpoint": f"{endpoints}/auth",
                "token_endpoint": f"{endpoints}/token",
                "jwks_uri": f"{endpoints}/certs",
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
            }
        )

    async def jwks(self, request: Request) -> Response:
        del request
        self._provider.counts["jwks"] += 1
        published = [key.jwk() for key in self._provider.keys]
        return JSONResponse({"keys": [*published, *map(dict, self._provider.extra_jwks)]})

    async def token(self, request: Request) -> Response:
        self._provider.counts["token"] += 1
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _error(415, "unsupported_media_type", "Send a form")
        form = await _form(request)
        if "grant_type" not in form:
            return _error(400, "invalid_request", "Missing form parameter: grant_type")
        if form["grant_type"] != "client_credentials":
            return _error(400, "unsupported_grant_type", "Unsupported grant_type")
        client, secret = _client(request, form)
        if not self._knows(client, secret):
            return _error(401, "invalid_client", _WHO)
        token = self._provider.issue(client, _realm_url(request))
        return JSONResponse(
            self._provider.token_answer_for(token, form.get("scope", "")), headers=_NOT_STORED
        )

    def _knows(self, client: str, secret: str) -> bool:
        right = self._provider.clients.get(client)
        return right is not None and hmac.compare_digest(right.encode(), secret.encode())


def _realm_url(request: Request) -> str:
    """The realm as the client reached it: built from the Host header."""
    before = request.url.path.partition("/realms/")[0]
    realm = request.path_params["realm"]
    return f"{request.url.scheme}://{request.url.netloc}{before}/realms/{realm}"


async def _form(request: Request) -> dict[str, str]:
    """The members of a form; of repeated ones the last."""
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Who asks, by the form or by HTTP Basic."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote(name), unquote(secret)


def _error(status: int, error: str, description: str) -> Response:
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status, headers=_NOT_STORED)
