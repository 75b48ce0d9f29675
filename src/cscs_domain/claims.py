"""When the claims of a token are believed, and who they speak of. Source: DESIGN section 9.

Only for claims whose signature was verified. Every rule has one sentence, which goes to the log
and to the caller; none quotes a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cscs_domain._text import is_encodable
from cscs_domain.callers import Caller
from cscs_domain.errors import AuthenticationError

LEEWAY: Final = timedelta(seconds=30)
"""How far two clocks may be apart."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_000_000_000  # in the year 9987; what is added to it is still a date
_LONGEST: Final = 255


@attrs.frozen(kw_only=True)
class BelievedClaims:
    """The caller that a token speaks of, and the moment from which it does so no more."""

    caller: Caller
    until: datetime


@attrs.frozen(kw_only=True)
class ClaimRules:
    """What a token must claim.

    `issuer` is compared exactly. `client_id` must be in the audience (`aud`, text or a list); an
    authorised party (`azp`) does not replace it. None: the audience is not looked at.
    """

    issuer: str
    client_id: str | None = None
    leeway: timedelta = LEEWAY

    def believe(self, claims: Mapping[str, object], now: datetime) -> BelievedClaims:
        """Check every rule; raises `AuthenticationError` with the first that is broken."""
        until = self._end(claims, now)
        self._begin(claims, now)
        if claims.get("iss") != self.issuer:
            raise AuthenticationError("The token was issued by somebody else.")
        if self.client_id is not None and self.client_id not in _audience(claims.get("aud")):
            raise AuthenticationError("The token was not issued for this service (audience).")
        _check_kind(claims)
        return BelievedClaims(caller=self._caller(claims), until=until)

    def _caller(self, claims: Mapping[str, object]) -> Caller:
        return Caller(
            subject=_name(claims, "sub"),
            username=_name(claims, "preferred_username"),
            roles=frozenset(self._roles(claims)),
        )

    def _roles(self, claims: Mapping[str, object]) -> Iterator[str]:
        """Roles of the realm and of our client; of every client only where none is configured.

        Whoever administers another client of the realm must not be able to make operators here.
        Where the shape is another, there are no roles.
        """
        yield from _roles_in(claims.get("realm_access"))
        clients = claims.get("resource_access")
        if isinstance(clients, Mapping):
            for client, access in clients.items():
                if self.client_id is None or client == self.client_id:
                    yield from _roles_in(access)

    def _end(self, claims: Mapping[str, object], now: datetime) -> datetime:
        expires = _moment(claims, "exp")
        if expires is None:
            raise AuthenticationError("The token does not say when it expires.")
        if now >= expires + self.leeway:
            raise AuthenticationError("The token has expired.")
        return expires + self.leeway

    def _begin(self, claims: Mapping[str, object], now: datetime) -> None:
        for name in ("nbf", "iat"):
            begins = _moment(claims, name)
            if begins is not None and now < begins - self.leeway:
                raise AuthenticationError(f"The token is not valid yet ({name}).")


def _moment(claims: Mapping[str, object], name: str) -> datetime | None:
    """A moment as seconds since 1970; None if it is absent, which null is not."""
    if name not in claims:
        return None
    match claims[name]:
        case bool():
            pass
        case int() | Decimal() | float() as seconds if _is_between(seconds, 0, _LATEST):
            return _EPOCH + timedelta(seconds=int(seconds))
    raise AuthenticationError(f"The token's {name} is not a time.")


def _is_between(number: float | Decimal, least: int, most: int) -> bool:
    """Asked before anything is computed: a decimal may have millions of digits, or be no number."""
    if isinstance(number, Decimal) and not number.is_finite():
        return False
    return least <= number <= most


def _audience(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(_texts(claim))


def _check_kind(claims: Mapping[str, object]) -> None:
    """Refuse what only looks like an access token: ID and refresh tokens, which Keycloak marks by
    `typ`, and tokens that are bound to a key which nobody here asks for (`cnf`).
    """
    if claims.get("typ", "Bearer") != "Bearer":
        raise AuthenticationError("The token is of another kind than an access token.")
    if claims.get("cnf") is not None:
        raise AuthenticationError(
            "The token is bound to a key of its sender, which is not checked."
        )


def _name(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        raise AuthenticationError(f"The token names nobody ({name} is missing or empty).")
    if len(value) > _LONGEST or not is_encodable(value):
        raise AuthenticationError(f"The token's {name} is too long or not text.")
    return value


def _roles_in(access: object) -> Iterator[str]:
    if isinstance(access, Mapping):
        yield from _texts(access.get("roles"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        yield from (item for item in value if isinstance(item, str) and 0 < len(item) <= _LONGEST)
