"""Every adapter that checks tokens. A new one joins by a line in the list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import attrs

from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.callers import Caller
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import TokenVerifier
from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.oidc import CLIENT_ID, REALM, KeyName, PathStyle
from cscs_fakes.emulators.oidc_keys import rsa_key
from cscs_fakes.token_verifier import FakeTokenVerifier
from cscs_http.realm import realm_connection
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.token_verifier import OidcTokenVerifier
from tests.emulated import running_site


@attrs.frozen
class Issued:
    """A verifier, tokens that it believes, one of nobody's, and a way to break it for good.

    `foreign` looks like the others and is signed by somebody else.
    """

    verifier: TokenVerifier
    token_of: Callable[[Caller], str]
    foreign: str
    break_down: Callable[[], None]


@attrs.frozen
class TokenVerifierAdapter:
    """How to set one up."""

    name: str
    issuing: Callable[[], AbstractAsyncContextManager[Issued]]


@asynccontextmanager
async def _fake() -> AsyncIterator[Issued]:
    fake = FakeTokenVerifier()

    def issue(caller: Caller) -> str:
        token = f"token-{caller.subject}-{sorted(caller.roles)}"
        fake.believe(token, caller)
        return token

    def break_down() -> None:
        fake.fail_with(UpstreamServiceError("OIDC", "hung up"))

    yield Issued(fake, issue, "token-of-nobody", break_down)
    await fake.close()


def _oidc(key: KeyName, style: PathStyle) -> Callable[[], AbstractAsyncContextManager[Issued]]:
    """Over a real socket."""

    @asynccontextmanager
    async def issuing() -> AsyncIterator[Issued]:
        with running_site(rows=()) as site:
            site.oidc.styles = frozenset({style})
            issuer = f"{site.url}{style}/realms/{REALM}"

            def issue(caller: Caller) -> str:
                claims = {
                    "iss": issuer,
                    "sub": caller.subject,
                    "preferred_username": caller.username,
                    "realm_access": {"roles": sorted(caller.roles)},
                    "resource_access": {},
                }
                return site.oidc.mint(claims, key=key)

            foreign = site.oidc.mint({"iss": issuer}, key=rsa_key(-1))
            service = Service(realm_connection(site.url), retries=Retries(attempts=1))
            verifier = OidcTokenVerifier(
                service, realm=REALM, client_id=CLIENT_ID, clock=SystemClock()
            )
            yield Issued(
                verifier,
                issue,
                foreign,
                lambda: site.faults.add("oidc", Fault(kind=FaultKind.RESET)),
            )
            await verifier.close()

    return issuing


TOKEN_VERIFIER_ADAPTERS: Final = [
    TokenVerifierAdapter("fake", _fake),
    TokenVerifierAdapter("OIDC with RS256", _oidc(KeyName.RS256, PathStyle.NEW)),
    TokenVerifierAdapter("OIDC with ES256", _oidc(KeyName.ES256, PathStyle.NEW)),
    TokenVerifierAdapter("OIDC of an old server", _oidc(KeyName.RS256, PathStyle.OLD)),
]
