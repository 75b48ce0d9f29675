"""Tokens as they arrive: three parts that nobody has to believe until a key says so.

Source: RFC 7515 and 7519; DESIGN section 9. Keys that a token brings along or points to (`jwk`,
`jku`, `x5u`, `x5c`) are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from cscs_domain.errors import AuthenticationError
from cscs_http.signing_keys import ALGORITHMS, SigningKey
from cscs_json.waldur_decoding import MalformedPageError, decode_json

LONGEST_TOKEN: Final = 16 * 1024
"""Characters; a longer one is refused unread."""

# Headers that nobody here knows are no reason to refuse a token, unless they are critical.
_RULES: Final = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
# The library's own bounds are below what our keys sign and what Keycloak writes into headers.
_RULES.max_header_length = _RULES.max_signature_length = _RULES.max_payload_length = LONGEST_TOKEN


def check_size(token: str) -> None:
    """Raise `AuthenticationError` for what is too long, or cannot be a token at all."""
    if len(token) > LONGEST_TOKEN:
        raise AuthenticationError("The token is too long.")
    if not token.isascii():
        raise malformed()


def malformed() -> AuthenticationError:
    """The refusal of what is no token, or not one of ours."""
    return AuthenticationError("The token is not a signed JWT.")


@attrs.frozen
class SignedToken:
    """A token that was taken apart. `key_id` is None where it names no key."""

    algorithm: str
    key_id: str | None
    _parts: CompactSignature = attrs.field(repr=False)

    @classmethod
    def parse(cls, token: str) -> SignedToken:
        """Read the header of a token; raises `AuthenticationError` for any that is refused
        whatever key it was signed with.
        """
        check_size(token)
        try:
            parts = extract_compact(token.encode("ascii"), None, _RULES)
        except (JoseError, TypeError, ValueError, RecursionError):
            raise malformed() from None
        header: object = parts.headers()
        if not isinstance(header, dict):
            raise malformed()
        return cls(_algorithm(header), _key_id(header), parts)

    def claims(self, key: SigningKey) -> Mapping[str, object]:
        """What the token says, if this key has signed it; else `AuthenticationError`."""
        try:
            signed = validate_compact(self._parts, key.public, registry=_RULES)
        except (JoseError, TypeError, ValueError):
            signed = False
        if not signed:
            raise AuthenticationError("The token's signature is wrong.")
        return _decoded(self._parts.payload)


def _algorithm(header: Mapping[str, object]) -> str:
    """The algorithm, before any key is looked for."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        accepted = ", ".join(sorted(ALGORITHMS))
        raise AuthenticationError(f"The token's algorithm is not accepted ({accepted} are).")
    if "crit" in header or "b64" in header:
        raise AuthenticationError("The token asks for an extension that is not known here (crit).")
    return algorithm


def _key_id(header: Mapping[str, object]) -> str | None:
    if "kid" not in header:
        return None
    key_id = header["kid"]
    if not isinstance(key_id, str):
        raise malformed()
    return key_id


def _decoded(payload: bytes) -> Mapping[str, object]:
    try:
        claims = decode_json(payload)
    except MalformedPageError:
        claims = None
    if not isinstance(claims, Mapping):
        raise malformed()
    return claims
