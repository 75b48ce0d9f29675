"""Tokens for a service of ours that acts for itself (OAuth client credentials).

Source: DWDI contract, section 2; HPC user contract, section 2. Any upstream's requests can use it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import attrs

from cscs_domain.ports import Clock
from cscs_http.answer import Answer
from cscs_http.connection import Reveal
from cscs_http.credentials import Credentials
from cscs_http.errors import UnexpectedStatusError
from cscs_http.oidc_client_token import BearerToken, parse_token
from cscs_http.service import Params, Service

_DEFAULT_SCOPE: Final = "openid"
_WRONG_CLIENT: Final = "check {0}client_id and {0}client_secret"
# What RFC 6749, section 5.2 lets an endpoint say. Nothing else of its text is shown: it may quote
# the form.
_ADVICE: Final = {
    "invalid_client": _WRONG_CLIENT,
    "unauthorized_client": _WRONG_CLIENT
    + ", and that the client may get tokens for itself (service account)",
    "invalid_scope": "check {0}oidc_scope",
    "unsupported_grant_type": "check that {0}oidc_token_url is a token endpoint of OAuth 2",
    "invalid_request": "check that {0}oidc_token_url is a token endpoint of OAuth 2",
    "invalid_grant": _WRONG_CLIENT,
}
_CLIENT_REFUSED: Final = frozenset({400, 401, 403})


@attrs.frozen
class TokenEndpoint:
    """A token URL taken apart: the URL of its `Connection`, and the rest of the request."""

    url: str
    path: str
    params: Params = ()

    @classmethod
    def parse(cls, token_url: str) -> TokenEndpoint:
        """Take an absolute URL apart.

        >>> TokenEndpoint.parse("https://id.example/realms/a/token?x=1")
        TokenEndpoint(url='https://id.example/realms/a/', path='token', params=(('x', '1'),))
        """
        parts = urlsplit(token_url)
        parent, _, path = parts.path.rpartition("/")
        url = urlunsplit((parts.scheme, parts.netloc, f"{parent}/", "", ""))
        return cls(url, path, tuple(parse_qsl(parts.query, keep_blank_values=True)))


@attrs.frozen(kw_only=True)
class Client:
    """Who we are. `section` is where its settings stand, and `prefix` what their names begin with,
    for advice to operators: `usage` and `cscs_dwdi_` for `usage.cscs_dwdi_client_id`.
    """

    client_id: str
    client_secret: Reveal = attrs.field(repr=False)
    scope: str = ""
    section: str = "hpc_user_api"
    prefix: str = ""

    @property
    def keys(self) -> str:
        """What the names of its settings begin with."""
        return (f"{self.section}." if self.section else "") + self.prefix


@attrs.frozen
class _Failure:
    error: Exception
    at: timedelta


class ClientCredentials:
    """Tokens from an endpoint, each used until shortly before it expires.

    `service` sends to the URL of the endpoint and belongs to the caller. However many requests
    wait for a token, it is asked for once; after a failure the endpoint is left alone for `pause`.
    """

    def __init__(
        self,
        service: Service,
        endpoint: TokenEndpoint,
        client: Client,
        clock: Clock,
        *,
        pause: timedelta = timedelta(seconds=2),
    ) -> None:
        self._service = service
        self._endpoint = endpoint
        self._client = client
        self._clock = clock
        self._pause = pause
        self._token: BearerToken | None = None
        self._asked_at = timedelta(0)
        self._refused = ""
        self._failure: _Failure | None = None
        self._running: asyncio.Task[str] | None = None

    async def header(self) -> str:
        """A token that will live for a while yet. Raises `UpstreamServiceError`."""
        now = self._clock.monotonic()
        if self._token is not None and now - self._asked_at < self._token.usable_for:
            return self._token.header
        if self._failure is not None and now - self._failure.at < self._pause:
            # Raised to everybody who asks for a while: each time would add its frames to it.
            raise self._failure.error.with_traceback(None)
        # A caller that goes away must not take the others' token with it.
        return await asyncio.shield(self._fetch())

    async def refused(self, header: str, answer: Answer) -> bool:
        """Drop this token, if it is still in use. True unless the endpoint gives it again."""
        del answer
        if self._token is None or self._token.header != header:
            return True
        self._token = None
        known, self._refused = self._refused, header
        return header != known

    def advice(self, said: str) -> str:
        """What to look at if a service refuses even a new token."""
        del said
        keys = self._client.keys
        return (
            f"it refuses a token that was just issued: check that {keys}oidc_token_url belongs"
            f" to this service, that {keys}client_id may use it, and {keys}oidc_scope"
        )

    async def close(self) -> None:
        """Stop asking for a token."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _fetch(self) -> asyncio.Task[str]:
        """Ask for a token, or join those who wait for one."""
        if self._running is None:
            self._running = asyncio.create_task(self._fetch_one())
            self._running.add_done_callback(_consume)
        return self._running

    async def _fetch_one(self) -> str:
        began = self._clock.monotonic()
        try:
            token = await self._ask()
        except Exception as error:
            self._failure = _Failure(error, self._clock.monotonic())
            raise
        finally:
            if self._running is asyncio.current_task():  # else it was closed
                self._running = None
        self._token, self._asked_at, self._failure = token, began, None
        return token.header

    async def _ask(self) -> BearerToken:
        client, endpoint = self._client, self._endpoint
        form = (
            ("grant_type", "client_credentials"),
            ("client_id", client.client_id),
            ("client_secret", client.client_secret()),
            ("scope", client.scope or _DEFAULT_SCOPE),
        )
        try:
            answer = await self._service.post_form(endpoint.path, form, endpoint.params)
        except UnexpectedStatusError as error:
            raise self._explained(error) from None
        return parse_token(answer)

    def _explained(self, error: UnexpectedStatusError) -> UnexpectedStatusError:
        """The same error with advice, and without what the endpoint said besides a known word."""
        word = next((word for word in _ADVICE if word in error.said), "")
        advice = self._advice(word, error.status).format(self._client.keys)
        reason = f"the token endpoint answered {error.status}" + (f": {word}" if word else "")
        return UnexpectedStatusError(
            error.service,
            reason + (f" ({advice})" if advice else ""),
            retryable=error.retryable,
            status=error.status,
            said=word,
        )

    def _advice(self, word: str, status: int) -> str:
        if word:
            return _ADVICE[word]
        if status in _CLIENT_REFUSED:
            return _WRONG_CLIENT
        return "" if status == 429 or status >= 500 else "check {0}oidc_token_url"


def _consume(task: asyncio.Task[str]) -> None:
    if not task.cancelled():
        task.exception()  # also if nobody waits for it any more


_: type[Credentials] = ClientCredentials
