"""Errors as callers see them: from our errors to statuses and bodies. DESIGN section 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from cscs_api.query_reader import QueryError
from cscs_api.request_facts import facts_of
from cscs_bootstrap.json_text import encode
from cscs_domain.errors import (
    AuthenticationError,
    ConfigurationError,
    CscsError,
    OutdatedStoreError,
    PermissionDeniedError,
    ResourceProcessingError,
    SnapshotGoneError,
    StoreUnavailableError,
    UnknownEntryError,
    UnknownEventError,
    UpstreamServiceError,
)

RETRY_AFTER: Final = "5"
"""Seconds after which a store that was away is worth another try."""
STORE: Final = "the event store"
"""What a store is called that does not name itself."""
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
    return error_response(facts.request_id, status, body, _headers(error))


def unavailable(scope: Scope, error: UpstreamServiceError) -> Response:
    """The answer where the directory cannot be asked: 503 if it helps to wait, else 502.

    What it says of itself is for the log: it may have addresses and paths.
    """
    if isinstance(error, StoreUnavailableError):
        return refusal(scope, error)
    if not error.retryable:
        return refusal(scope, error, to_a_stranger=True)
    facts = facts_of(scope)
    facts.note(error="UpstreamServiceError", reason=str(error))
    body = {"detail": _away(error), "error": "UpstreamServiceError"}
    return error_response(facts.request_id, 503, body, {"retry-after": RETRY_AFTER})


def _away(error: UpstreamServiceError) -> str:
    if error.retryable:
        return f"{error.service} cannot be reached; try again in {RETRY_AFTER} seconds."
    return _to_be_mended(error.service)


def _to_be_mended(service: str) -> str:
    return f"{service} must be mended first; the server's log has the reason."


def _headers(error: Exception) -> Mapping[str, str]:
    if isinstance(error, (StoreUnavailableError, OutdatedStoreError)):
        return {"retry-after": RETRY_AFTER}
    challenge = _challenge(error)
    return {} if challenge is None else {"www-authenticate": challenge}


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
        case (
            StoreUnavailableError()
            | OutdatedStoreError()
            | UnknownEventError()
            | UnknownEntryError()
        ):
            return _of_events(error)
        case UpstreamServiceError() | ResourceProcessingError() | ConfigurationError():
            return _failed(error)
        case SnapshotGoneError():
            return 410, {
                "detail": str(error),
                "error": "SnapshotGoneError",
                "help": "Begin the walk again at page 1 without the snapshot parameter.",
            }
        case _:
            return 500, {"detail": UNEXPECTED, "error": "InternalError"}


def _failed(error: CscsError) -> tuple[int, Mapping[str, object]]:
    """What went wrong on our side, or behind us, in the words of spec 004."""
    kind, status, message = next(found for found in _FAILURES if isinstance(error, found[0]))
    return status, {"detail": str(error), "error": kind.__name__, "message": message}


_FAILURES: Final = (
    (UpstreamServiceError, 502, "Failed to communicate with an upstream service."),
    (ResourceProcessingError, 500, "Failed to process storage resource."),
    (ConfigurationError, 500, "The server is not configured for this."),
)


def _of_events(
    error: StoreUnavailableError | OutdatedStoreError | UnknownEventError | UnknownEntryError,
) -> tuple[int, Mapping[str, object]]:
    if isinstance(error, OutdatedStoreError):
        # Somebody gave it other tables, or another zone, under the running server.
        return 503, {"detail": _to_be_mended(STORE), "error": "OutdatedStoreError"}
    if isinstance(error, StoreUnavailableError):
        # Its text may have addresses: those are for the log.
        return 503, {"detail": _away(error), "error": "StoreUnavailableError"}
    return 404, {"detail": str(error), "error": "NotFound"}


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


_NAMES: Final = {
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    408: "RequestTimeout",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
}

HANDLERS: Final = {
    QueryError: on_query_error,
    CscsError: on_domain_error,
    HTTPException: on_http_exception,
}
