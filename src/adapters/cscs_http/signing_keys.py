"""The public keys of an issuer, and which of them may have signed a token. Source: RFC 7517, 7518.

A key is used only for what it was made for: RS256 with RSA of at least 2048 bits, or ES256 with the
curve P-256, and only if its own `alg`, `use` and `key_ops` agree. All others are passed over, so
that a provider may publish what it likes beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

from cscs_domain.errors import AuthenticationError

PublicKey: TypeAlias = RSAKey | ECKey

_MEMBERS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_ALGORITHM_OF: Final = {"RSA": "RS256", "EC": "ES256"}
ALGORITHMS: Final = frozenset(_ALGORITHM_OF.values())
"""What a token may be signed with. Neither `none` nor anything with a shared secret."""

_SMALLEST_RSA: Final = 2048
_LARGEST_RSA: Final = 8192
_MOST_KEYS: Final = 100


@attrs.frozen(eq=False)
class SigningKey:
    """One key; `thumbprint` is that of RFC 7638, the same for the same key under any name."""

    key_id: str | None
    algorithm: str
    public: PublicKey
    thumbprint: str


@attrs.frozen
class SigningKeys:
    """All usable keys of an issuer."""

    keys: tuple[SigningKey, ...]

    @property
    def thumbprints(self) -> frozenset[str]:
        """What the keys are told apart by."""
        return frozenset(key.thumbprint for key in self.keys)

    def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        """The key that a token names; None if there is none of this name, or not yet.

        Raises `AuthenticationError` where other keys would not help: no name though there are
        several, or a name of a key for another algorithm.
        """
        named = self._named(key_id)
        fitting = [key for key in named if key.algorithm == algorithm]
        if named and not fitting:
            raise AuthenticationError("The token's key is not for the token's algorithm.")
        return fitting[0] if fitting else None

    def _named(self, key_id: str | None) -> tuple[SigningKey, ...]:
        if key_id is not None:
            return tuple(key for key in self.keys if key.key_id == key_id)
        if len(self.keys) > 1:
            raise AuthenticationError("The token does not say which key has signed it (kid).")
        return self.keys


def parse_signing_keys(document: object) -> SigningKeys:
    """The usable keys of a JWK set, the first of those with the same name.

    Raises `ValueError` if the document is no JWK set or holds no usable key.
    """
    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("is not a set of keys")
    found = [key for item in listed[:_MOST_KEYS] if (key := _parse(item)) is not None]
    if not found:
        raise ValueError("holds no key that could check a signature (RS256 or ES256)")
    return SigningKeys(tuple(found))


def _parse(item: object) -> SigningKey | None:
    if not isinstance(item, Mapping) or not _is_meant_for_signatures(item):
        return None
    key_id = item.get("kid")
    public = _public_key(item)
    if public is None or not isinstance(key_id, str | None):
        return None
    return SigningKey(key_id, _ALGORITHM_OF[public.key_type], public, public.thumbprint())


def _is_meant_for_signatures(item: Mapping[str, object]) -> bool:
    kind, operations = item.get("kty"), item.get("key_ops", ["verify"])
    if not isinstance(kind, str) or kind not in _ALGORITHM_OF:
        return False
    return (
        item.get("use", "sig") == "sig"
        and item.get("alg", _ALGORITHM_OF[kind]) == _ALGORITHM_OF[kind]
        and isinstance(operations, list)
        and "verify" in operations
    )


def _public_key(item: Mapping[str, object]) -> PublicKey | None:
    """The key out of its public members alone, whatever else stands beside them."""
    kind = str(item["kty"])
    members = {name: item.get(name) for name in _MEMBERS[kind]}
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    try:
        if texts != members or not _is_strong(kind, texts):
            return None
        jwk: dict[str, str | list[str]] = {"kty": kind, **texts}
        return RSAKey.import_key(jwk) if kind == "RSA" else ECKey.import_key(jwk)
    except (JoseError, LookupError, TypeError, ValueError):
        return None


def _is_strong(kind: str, members: Mapping[str, str]) -> bool:
    if kind == "EC":
        return members["crv"] == "P-256"
    return _SMALLEST_RSA <= base64_to_int(members["n"]).bit_length() <= _LARGEST_RSA
