"""Who may ask: callers with a token that is believed. Source: DESIGN sections 4 and 9, RFC 6750.

Around every path below /api, known or not, and every method, so that nothing tells a stranger
what is there. The token comes in one `Authorization` header and nowhere else.
"""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from cscs_api.error_answers import NoTokenError, refusal
from cscs_api.request_facts import facts_of
from cscs_domain.callers import AccessPolicy, Caller
from cscs_domain.errors import AuthenticationError, PermissionDeniedError, UpstreamServiceError
from cscs_domain.ports import TokenVerifier

_KEY: Final = "cscs.caller"
_ALLOWED: Final = (ascii_letters + digits + "-._~+/").encode()
"""What a token may be made of, before any `=` at its end (RFC 6750, section 2.1)."""


class BearerOnly:
    """Lets callers through whom the policy admits; plain ASGI, since every page passes here."""

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier, policy: AccessPolicy) -> None:
        self._app = app
        self._verifier = verifier
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401, 403, or 502 if keys to check with cannot be had."""
        try:
            caller = scope[_KEY] = await self._verifier.verify(token_of(scope))
            facts_of(scope).note(username=str(caller))
            self._policy.admit(caller)
        except (AuthenticationError, PermissionDeniedError, UpstreamServiceError) as error:
            await refusal(scope, error, to_a_stranger=True)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def token_of(scope: Scope) -> str:
    """The request's one token; raises `AuthenticationError`, which never quotes any."""
    given: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
    if not given:
        raise NoTokenError("The request has no token.")
    if len(given) > 1:
        raise AuthenticationError("The request has more than one Authorization header.")
    scheme, _, rest = given[0].strip().partition(b" ")
    token = rest.lstrip(b" ")
    # Not a regular expression: tokens are long, and every request pays for this.
    bare = token.rstrip(b"=")
    if scheme.lower() != b"bearer" or not bare or bare.translate(None, _ALLOWED):
        raise NoTokenError("The Authorization header does not have the form: Bearer <token>.")
    return token.decode("ascii")


def caller_of(scope: Scope) -> Caller:
    """The caller of a request that was let through; `AuthenticationError` if nobody was asked."""
    caller = scope.get(_KEY)
    if not isinstance(caller, Caller):
        raise NoTokenError("The request has no token.")
    return caller
