"""Callers' tokens checked with the keys of their OpenID Connect realm. Source: DESIGN section 9."""

from __future__ import annotations

from cscs_domain.callers import Caller
from cscs_domain.claims import ClaimRules
from cscs_domain.errors import AuthenticationError
from cscs_domain.ports import Clock, TokenVerifier
from cscs_http.realm import Realm, RealmKeys
from cscs_http.service import Service
from cscs_http.signed_tokens import SignedToken, check_size
from cscs_http.signing_key_source import SigningKeySource
from cscs_http.signing_keys import SigningKey
from cscs_http.verified_tokens import VerifiedTokens


class OidcTokenVerifier:
    """Believes the tokens of one realm.

    `service` is Keycloak (`realm_connection`, `REALM_RETRIES`), closed with the verifier. With a
    `client_id` only tokens that name it in their audience are believed. A token is checked in
    full once, and then known by its digest until it expires or its key is gone.
    """

    def __init__(
        self, service: Service, *, realm: str, client_id: str | None, clock: Clock
    ) -> None:
        self._realm = Realm(service, realm)
        self._client_id = client_id
        self._clock = clock
        self._verified = VerifiedTokens()
        self._source = SigningKeySource(self._realm.read, clock, self._on_change)

    async def verify(self, token: str) -> Caller:
        """Whose token this is, by look-up or by checking everything."""
        check_size(token)
        known = self._source.look_at_age()
        caller = self._verified.caller(token, self._clock.now())
        return caller if caller is not None else await self._check(token, known)

    async def warm_up(self) -> None:
        """Read the realm's keys."""
        await self._source.keys()

    async def close(self) -> None:
        """Stop reading keys and close the connections."""
        await self._source.close()
        await self._realm.close()

    async def _check(self, token: str, known: RealmKeys | None) -> Caller:
        signed = SignedToken.parse(token)
        published = known or await self._source.keys()
        key = published.keys.find(signed.key_id, signed.algorithm)
        if key is None:
            published = await self._source.newer_than(known)
            key = published.keys.find(signed.key_id, signed.algorithm)
        if key is None:
            raise AuthenticationError("The token was signed with a key that is not known here.")
        return self._believe(token, signed, published, key)

    def _believe(
        self, token: str, signed: SignedToken, published: RealmKeys, key: SigningKey
    ) -> Caller:
        rules = ClaimRules(issuer=published.issuer, client_id=self._client_id)
        believed = rules.believe(signed.claims(key), self._clock.now())
        self._verified.keep(token, believed, (published.issuer, key.thumbprint))
        return believed.caller

    def _on_change(self, published: RealmKeys | None) -> None:
        self._verified.keep_only(published.signers if published else ())


_: type[TokenVerifier] = OidcTokenVerifier
