"""A realm that misbehaves, over real sockets: cold nobody can tell, warm nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import pytest

from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.errors import UpstreamServiceError
from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.oidc import REALM
from cscs_fakes.emulators.site import EmulatedSite
from cscs_http.connection import TimeLimits
from cscs_http.realm import realm_connection
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.token_verifier import OidcTokenVerifier
from tests.emulated import running_site

pytestmark = pytest.mark.anyio

PATIENT: Final = TimeLimits(connect=5.0, answer=5.0, total=10.0)
IMPATIENT: Final = TimeLimits(connect=5.0, answer=0.15, total=0.3)
FAULTS: Final = [kind for kind in FaultKind if kind not in {FaultKind.VANISH, FaultKind.LATENCY}]
PLACES: Final = ["openid-configuration", "certs"]


@attrs.define(eq=False)
class Here:
    """A realm and a verifier of its tokens."""

    site: EmulatedSite
    service: Service
    verifier: OidcTokenVerifier

    async def name(self, **claims: object) -> str:
        """Who a fresh token's caller is taken for."""
        return (await self.verifier.verify(self.site.oidc.mint(claims))).username

    def break_down(self, kind: FaultKind, place: str) -> None:
        """Let requests for this part of the path fail. Only who gets no answer is impatient."""
        self.site.faults.add("oidc", Fault(kind=kind, path=place, retry_after="0"))
        if kind in {FaultKind.SLOW, FaultKind.HANG}:
            hurried = attrs.evolve(self.service.connection, time_limits=IMPATIENT)
            self.service.connection = hurried


@asynccontextmanager
async def verified() -> AsyncIterator[Here]:
    """Serve the realm over a real socket."""
    with running_site(rows=()) as site:
        connection = attrs.evolve(realm_connection(site.url), time_limits=PATIENT)
        retries = Retries(attempts=2, first_wait=0, longest_wait=0, jitter=0)
        service = Service(connection, retries=retries)
        verifier = OidcTokenVerifier(service, realm=REALM, client_id=None, clock=SystemClock())
        yield Here(site, service, verifier)
        await verifier.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FAULTS)
async def test_cold_it_is_said_in_time_that_nobody_can_tell(kind: FaultKind, place: str) -> None:
    async with verified() as here:
        here.break_down(kind, place)
        async with asyncio.timeout(30):
            with pytest.raises(UpstreamServiceError) as caught:
                await here.name()

    assert caught.value.service == "OIDC"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("kind", FAULTS)
async def test_warm_known_keys_do_and_unknown_ones_cannot_be_told(kind: FaultKind) -> None:
    async with verified() as here:
        await here.name()
        here.break_down(kind, "realms")
        async with asyncio.timeout(30):
            assert await here.name(jti="2") == "anna"
            here.site.oidc.rotate()
            with pytest.raises(UpstreamServiceError):
                await here.name()


async def test_one_bad_answer_is_not_noticed_at_all() -> None:
    async with verified() as here:
        for place in PLACES:
            here.site.faults.add("oidc", Fault(kind=FaultKind.RESET, path=place, times=1))

        assert await here.name() == "anna"
