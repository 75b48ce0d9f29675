"""An OIDC provider like Keycloak: discovery, JWKS, client credentials, key rotation.

Source: HPC user contract, section 2; DESIGN section 9. A realm lies at `/realms/{realm}` and, as
in old Keycloak servers, at `/auth/realms/{realm}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from cscs_fakes.emulators.oidc_keys import (
    NoKey,
    PublishedKey,
    RsaKey,
    SharedSecret,
    TokenKey,
    ec_key,
    rsa_key,
)
from cscs_fakes.emulators.oidc_routes import oidc_routes
from cscs_fakes.emulators.oidc_tokens import (
    client_claims,
    compact,
    header_of,
    person_claims,
    without,
)

REALM: Final = "cscs"
CLIENT_ID: Final = "storage-proxy"
CLIENT_SECRET: Final = "emulated-client-secret"  # noqa: S105  # of an emulator
_HOUR: Final = timedelta(hours=1)


class PathStyle(StrEnum):
    """What stands before `/realms/`."""

    NEW = ""
    OLD = "/auth"


class KeyName(StrEnum):
    """Keys by what they are for, for tests that live in another process."""

    CURRENT = "current"
    RS256 = "RS256"
    ES256 = "ES256"
    PREVIOUS = "previous"
    """The one that signed before the last rotation, published or not."""
    FOREIGN = "foreign"
    """Never published."""
    PUBLIC_AS_SECRET = "HS256 with the public key"  # noqa: S105  # no secret: that is the attack
    NONE = "none"


class Absent:
    """Stands for a member that is left out of an answer."""


ABSENT: Final = Absent()


class OidcEmulator:
    """One realm. Everything that is no method may be changed at any time; `reset` undoes it.

    `public_url` is where people reach it (minted tokens name it as their issuer), `token_life` how
    long tokens live, `token_answer` what to say differently in answers of the token endpoint
    (`ABSENT` leaves a member out), `styles` the path styles that exist, `extra_jwks` what else
    stands in the JWKS, `announced_issuer` what discovery claims to be instead of the truth, and
    `counts` how often `discovery`, `jwks` and `token` were asked.
    """

    def __init__(
        self,
        *,
        realm: str = REALM,
        clients: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] | None = None,
        public_url: str = "http://localhost",
    ) -> None:
        self.realm = realm
        self.public_url = public_url
        self._clients = {CLIENT_ID: CLIENT_SECRET} if clients is None else dict(clients)
        self._clock = clock or _now
        self.app: ASGIApp = Starlette(routes=oidc_routes(self))
        # Counts on over a reset: else a token of before could be issued again, and be valid.
        self._serial = 0
        self.reset()

    def reset(self) -> None:
        """As it was at the start: keys, settings, counts; no issued token is valid any more."""
        self.clients = dict(self._clients)
        self.token_life = _HOUR
        self.token_answer: dict[str, object] = {}
        self.styles: frozenset[PathStyle] = frozenset(PathStyle)
        self.extra_jwks: list[Mapping[str, object]] = []
        self.announced_issuer: str | None = None
        self.counts: Counter[str] = Counter()
        self._issued: dict[str, datetime] = {}
        self._rotations = 0
        self._keys: tuple[PublishedKey, ...] | None = None
        self._previous: PublishedKey | None = None

    @property
    def issuer(self) -> str:
        """The realm's URL, in the new style."""
        return f"{self.public_url}/realms/{self.realm}"

    # --- keys

    @property
    def keys(self) -> tuple[PublishedKey, ...]:
        """The published keys; the first one signs."""
        if self._keys is None:
            self._keys = (rsa_key(0), ec_key(0))
        return self._keys

    @keys.setter
    def keys(self, keys: tuple[PublishedKey, ...]) -> None:
        self._keys = keys

    def rotate(self, *, algorithm: str = "RS256", keep_old: bool = True) -> str:
        """Sign with a new key from now on; return its name (`kid`)."""
        self._rotations += 1
        self._previous = self.keys[0]
        made: PublishedKey = (rsa_key if algorithm == "RS256" else ec_key)(self._rotations)
        self._keys = (made, *self.keys) if keep_old else (made,)
        return made.kid

    def key(self, name: KeyName | str) -> TokenKey:
        """The key of this name. Raises `ValueError` if there is none."""
        match KeyName(name):
            case KeyName.CURRENT:
                return self.keys[0]
            case KeyName.PREVIOUS:
                return self._previous or self.keys[0]
            case KeyName.FOREIGN:
                return rsa_key(-1)
            case KeyName.NONE:
                return NoKey()
            case KeyName.PUBLIC_AS_SECRET:
                return SharedSecret(self._published_rsa().public_pem(), self._published_rsa().kid)
            case KeyName.RS256 | KeyName.ES256 as algorithm:
                return self._published(algorithm)

    def _published(self, algorithm: str) -> PublishedKey:
        for key in self.keys:
            if key.algorithm == algorithm:
                return key
        raise ValueError(f"no {algorithm} key is published")

    def _published_rsa(self) -> RsaKey:
        for key in self.keys:
            if isinstance(key, RsaKey):
                return key
        raise ValueError("no RSA key is published")

    # --- tokens

    def mint(
        self,
        claims: Mapping[str, object] | None = None,
        *,
        leave_out: Collection[str] = (),
        header: Mapping[str, object] | None = None,
        key: TokenKey | KeyName | str = KeyName.CURRENT,
        life: float | None = None,
    ) -> str:
        """Any token: that of Anna, who may read and operate, with these differences.

        `life` is in seconds, for another one than `token_life`.
        """
        signing = self.key(key) if isinstance(key, str) else key
        lives = self.token_life if life is None else timedelta(seconds=life)
        usual = person_claims(self.issuer, next(iter(self.clients), ""), self.now, lives)
        wanted = without(usual | dict(claims or {}), leave_out)
        return compact(header_of(signing, header or {}), wanted, signing)

    def issue(self, client: str, issuer: str) -> str:
        """A token for a client that acts for itself, remembered until it expires."""
        self._serial += 1
        signing = self.keys[0]
        claims = client_claims(issuer, client, self._serial, self.now, self.token_life)
        token = compact(header_of(signing, {}), claims, signing)
        self._issued[token] = self.now + self.token_life
        return token

    def token_answer_for(self, token: str, scope: str) -> dict[str, object]:
        """What the token endpoint says, with the differences of `token_answer`."""
        usual: dict[str, object] = {
            "access_token": token,
            "expires_in": int(self.token_life.total_seconds()),
            "refresh_expires_in": 0,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": scope or "profile email",
        }
        said = usual | self.token_answer
        return {name: value for name, value in said.items() if value is not ABSENT}

    def accepts(self, token: str) -> bool:
        """Whether the token was issued here, has not expired and was not revoked."""
        until = self._issued.get(token)
        return until is not None and self.now < until

    def revoke_all(self) -> None:
        """Forget every token issued so far: its next use is refused."""
        self._issued.clear()

    @property
    def now(self) -> datetime:
        """The provider's time."""
        return self._clock()


def _now() -> datetime:
    return datetime.now(UTC)
