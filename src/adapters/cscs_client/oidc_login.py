"""Tokens for a provisioner that logs in by itself (OAuth client credentials)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import attrs

from cscs_client.connections import Reach, service_of
from cscs_client.tokens import Secret, revealed
from cscs_domain.ports import Clock
from cscs_http.answer import Answer
from cscs_http.credentials import Credentials
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.service import Service


@attrs.frozen(kw_only=True)
class OidcLogin:
    """A client of the site's identity provider, given in place of a token."""

    token_url: str
    client_id: str
    client_secret: Secret = attrs.field(repr=False)
    scope: str = ""

    def credentials(self, reach: Reach) -> LoggedIn:
        """Tokens of this client, renewed before they expire. Close them."""
        endpoint = TokenEndpoint.parse(self.token_url)
        service = service_of("identity provider", endpoint.url, reach)
        client = Client(
            client_id=self.client_id,
            client_secret=self._revealed,
            scope=self.scope,
            section="OidcLogin",
        )
        return LoggedIn(service, ClientCredentials(service, endpoint, client, SystemClock()))

    def _revealed(self) -> str:
        return revealed("client secret", self.client_secret)


@attrs.frozen
class LoggedIn:
    """Client credentials together with the connection that they come over."""

    _service: Service
    _tokens: ClientCredentials

    async def header(self) -> str:
        """A token that will live for a while yet."""
        return await self._tokens.header()

    async def refused(self, header: str, answer: Answer) -> bool:
        """Whether another token can be had."""
        return await self._tokens.refused(header, answer)

    def advice(self, said: str) -> str:
        """What to look at if a new token is refused as well."""
        return self._tokens.advice(said)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._tokens.close()
        await self._service.close()


class SystemClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        """The time since some moment."""
        return timedelta(seconds=time.monotonic())


_: tuple[type[Credentials], type[Clock]] = (LoggedIn, SystemClock)
