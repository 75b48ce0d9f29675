"""A realm of Keycloak: who it says it is, and the keys that it publishes.

Source: OpenID Connect Discovery 1.0, sections 4 and 4.3; DESIGN section 9. Servers before version
17 have `/auth` in front of all paths: it may be part of the configured URL, and where it is left
out it is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import UpstreamServiceError
from cscs_http.answer import Answer
from cscs_http.connection import Connection, TimeLimits
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.signing_keys import SigningKeys, parse_signing_keys
from cscs_http.verified_tokens import Signer

_DISCOVERY: Final = "/.well-known/openid-configuration"
_FOUND: Final = 200
_NOT_FOUND: Final = 404
_OLD_PREFIX: Final = "auth/"


REALM_RETRIES: Final = Retries(attempts=2, longest_asked=1.0)
"""Once more, since a connection that was kept open may turn out to be closed; a realm that asks to
wait longer is not waited for, since callers are waiting already.
"""


def realm_connection(keycloak_url: str) -> Connection:
    """Keycloak as callers who wait for it need it: small answers, soon or not at all."""
    return Connection(
        service="OIDC",
        url=keycloak_url.rstrip("/") + "/",
        time_limits=TimeLimits(connect=2.0, answer=4.0, total=5.0),
        largest_answer=2**20,
        at_once=2,
    )


@attrs.frozen
class RealmKeys:
    """What a realm publishes; `issuer` is what its tokens must name, letter by letter."""

    issuer: str
    keys: SigningKeys

    @property
    def signers(self) -> frozenset[Signer]:
        """Who may have signed a token that is still believed."""
        return frozenset((self.issuer, thumbprint) for thumbprint in self.keys.thumbprints)


class Realm:
    """One realm, below the URL of a service. All errors are `UpstreamServiceError`."""

    def __init__(self, service: Service, name: str) -> None:
        self._service = service
        self._base = service.connection.url
        self._name = name

    async def read(self) -> RealmKeys:
        """The issuer and its keys as they are now: two requests."""
        issuer, keys_path = await self._discover()
        answer = await self._service.get(keys_path)
        try:
            return RealmKeys(issuer, parse_signing_keys(answer.json()))
        except ValueError as error:
            raise answer.unusable(f"answered with what {error}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    async def _discover(self) -> tuple[str, str]:
        """The issuer, and where below the service its keys are."""
        for prefix in self._prefixes():
            path = f"{prefix}realms/{quote(self._name, safe='')}{_DISCOVERY}"
            answer = await self._service.get(path, accept=(_FOUND, _NOT_FOUND))
            if answer.status == _FOUND:
                return self._read_metadata(answer, f"{self._base}{prefix}realms/")
        raise UpstreamServiceError(
            self._service.connection.service,
            f"{self._base} has no realm {shown(self._name)}, nor below {_OLD_PREFIX}",
            retryable=False,
        )

    def _prefixes(self) -> Iterator[str]:
        yield ""
        if not self._base.endswith("/" + _OLD_PREFIX):
            yield _OLD_PREFIX

    def _is_ours(self, issuer: str, realms: str) -> bool:
        """Whether an issuer is the realm that was asked, its name encoded for URLs or not."""
        return issuer.rstrip("/") in {realms + self._name, realms + quote(self._name, safe="")}

    def _read_metadata(self, answer: Answer, realms: str) -> tuple[str, str]:
        metadata = answer.json()
        if not isinstance(metadata, Mapping):
            raise answer.unusable("answered with something else than an object")
        issuer, keys_url = metadata.get("issuer"), metadata.get("jwks_uri")
        if not isinstance(issuer, str) or not self._is_ours(issuer, realms):
            expected = shown(realms + self._name)
            raise answer.unusable(f"names the issuer {shown(issuer)} instead of {expected}")
        if not isinstance(keys_url, str) or not keys_url.startswith(self._base):
            raise answer.unusable(f"has its keys at {shown(keys_url)}, not below {self._base}")
        return issuer, keys_url.removeprefix(self._base)
