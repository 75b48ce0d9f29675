"""Errors as callers see them: from our errors to statuses and bodies. DESIGN section 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from cscs_api.request_facts import facts_of
from cscs_api.storage_query import QueryError
from cscs_bootstrap.json_text import encode
from cscs_domain.errors import (
    AuthenticationError,
    ConfigurationError,
    CscsError,
    PermissionDeniedError,
    ResourceProcessingError,
    SnapshotGoneError,
    UpstreamServiceError,
)

UNEXPECTED: Final = "The server failed; its log has the reason under this request id."


def error_response(
    request_id: str,
    status: int,
    body: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error body with the id under which the log knows the request."""
    content = encode({**body, "request_id": request_id})
    return Response(content, status, headers, media_type="application/json")


async def on_query_error(request: Request, error: Exception) -> Response:
    """422: the caller's parameters."""
    details = error.details if isinstance(error, QueryError) else []
    return error_response(facts_of(request.scope).request_id, 422, {"detail": details})


async def on_domain_error(request: Request, error: Exception) -> Response:
    """What the domain raises on purpose."""
    return refusal(request.scope, error)


def refusal(scope: Scope, error: Exception, *, to_a_stranger: bool = False) -> Response:
    """The answer to an error of the domain; the access line always tells the whole reason."""
    status, body = domain_error(error)
    if to_a_stranger and isinstance(error, UpstreamServiceError):  # its text has addresses
        body = {**body, "detail": f"{error.service} did not give a usable answer."}
    facts = facts_of(scope)
    facts.note(error=body["error"], reason=str(error))
    challenge = _challenge(error)
    headers = None if challenge is None else {"www-authenticate": challenge}
    return error_response(facts.request_id, status, body, headers)


class NoTokenError(AuthenticationError):
    """Nothing was given that could be a token."""


def _challenge(error: Exception) -> str | None:
    """What to say in `WWW-Authenticate`: RFC 6750 section 3 names no error where no token was."""
    match error:
        case NoTokenError():
            return "Bearer"
        case AuthenticationError():
            return 'Bearer error="invalid_token"'
        case PermissionDeniedError():
            return 'Bearer error="insufficient_scope"'
        case _:
            return None


def domain_error(error: Exception) -> tuple[int, Mapping[str, object]]:
    """Status and body of an error of the domain."""
    match error:
        case AuthenticationError() | PermissionDeniedError():
            return _no_entry(error)
        case UpstreamServiceError():
            return 502, {
                "detail": str(error),
                "error": "UpstreamServiceError",
                "message": "Failed to communicate with an upstream service.",
            }
        case SnapshotGoneError():
            return 410, {
                "detail": str(error),
                "error": "SnapshotGoneError",
                "help": "Begin the walk again at page 1 without the snapshot parameter.",
            }
        case ResourceProcessingError():
            return 500, {
                "detail": str(error),
                "error": "ResourceProcessingError",
                "message": "Failed to process storage resource.",
            }
        case ConfigurationError():
            return 500, {
                "detail": str(error),
                "error": "ConfigurationError",
                "message": "The server is not configured for this.",
            }
        case _:
            return 500, {"detail": UNEXPECTED, "error": "InternalError"}


def _no_entry(
    error: AuthenticationError | PermissionDeniedError,
) -> tuple[int, Mapping[str, object]]:
    """401 or 403, each with what it takes to get in."""
    if isinstance(error, PermissionDeniedError):
        return 403, {"detail": str(error), "error": "PermissionDenied", "help": error.help}
    return 401, {"detail": str(error), "error": "AuthenticationError", "help": _HOW_TO_GET_IN}


_HOW_TO_GET_IN: Final = (
    "Send a valid access token of this site in one header, and nowhere else:"
    " Authorization: Bearer <token>"
)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the router says: no such path, no such method."""
    known = error if isinstance(error, HTTPException) else HTTPException(500)
    body = {"detail": known.detail, "error": _NAMES.get(known.status_code, "HTTPError")}
    return error_response(
        facts_of(request.scope).request_id, known.status_code, body, known.headers
    )


_NAMES: Final = {404: "NotFound", 405: "MethodNotAllowed"}

HANDLERS: Final = {
    QueryError: on_query_error,
    CscsError: on_domain_error,
    HTTPException: on_http_exception,
}
