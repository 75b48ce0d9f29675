"""A realm behind a transport that can be cut, and a verifier of its tokens with a clock to move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import pytest

from cscs_domain.callers import Caller
from cscs_domain.errors import AuthenticationError, UpstreamServiceError
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.oidc import CLIENT_ID, REALM, OidcEmulator
from cscs_http.realm import realm_connection
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.token_verifier import OidcTokenVerifier

ANNA = "anna"


class Wire(httpx.AsyncBaseTransport):
    """The way to the realm. `down` cuts it, `answer` stands in, `gate` holds requests up."""

    def __init__(self, oidc: OidcEmulator) -> None:
        self._inner = httpx.ASGITransport(oidc.app)
        self.down = False
        self.answer: httpx.Response | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, or fail."""
        self.paths.append(request.url.path)
        await self.gate.wait()
        if self.down:
            raise httpx.ConnectError("nobody there")
        return self.answer or await self._inner.handle_async_request(request)


@attrs.define(eq=False)
class Realm:
    """Everything around one verifier."""

    oidc: OidcEmulator
    clock: FixedClock
    wire: Wire
    verifier: OidcTokenVerifier

    async def name(self, token: str) -> str:
        """Who is believed to have sent this token."""
        return (await self.verifier.verify(token)).username

    async def refusal(self, token: str) -> str:
        """Why a token is not believed. The reason never quotes it."""
        with pytest.raises(AuthenticationError) as caught:
            await self.verifier.verify(token)
        assert not any(part in str(caught.value) for part in token.split(".") if len(part) > 6)
        return caught.value.reason

    async def failure(self, token: str) -> str:
        """Why nobody can tell whether a token is good."""
        with pytest.raises(UpstreamServiceError) as caught:
            await self.verifier.verify(token)
        assert token not in str(caught.value)
        return str(caught.value)

    async def outcome(self, token: str) -> Caller | Exception:
        """Whatever comes of a token."""
        try:
            return await self.verifier.verify(token)
        except (AuthenticationError, UpstreamServiceError) as error:
            return error

    async def background(self) -> None:
        """Let what runs in the background come to its end."""
        for _ in range(50):
            await asyncio.sleep(0)

    def advance(self, **by: float) -> None:
        """Let time pass, at Keycloak's as well."""
        self.clock.advance(timedelta(**by))

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        return sum(path.endswith("/certs") for path in self.wire.paths)


@contextmanager
def realm(
    url: str = "http://localhost", *, client_id: str | None = CLIENT_ID, name: str = REALM
) -> Iterator[Realm]:
    """A realm and a verifier configured for this Keycloak URL."""
    clock = FixedClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    oidc = OidcEmulator(realm=name, clock=clock.now)
    wire = Wire(oidc)
    service = Service(
        realm_connection(url),
        retries=Retries(attempts=1),
        client=httpx.AsyncClient(transport=wire),
    )
    verifier = OidcTokenVerifier(service, realm=name, client_id=client_id, clock=clock)
    yield Realm(oidc, clock, wire, verifier)
