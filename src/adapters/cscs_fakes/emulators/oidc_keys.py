"""Keys that sign tokens: those of a provider, and those that only an attacker would use.

Signatures are made with bare cryptography and without a token library, since libraries refuse to
make most of the tokens that a verifier must refuse.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from threading import Lock
from typing import Final, Protocol

import attrs
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cscs_json import encode

_COORDINATE: Final = 32
"""Bytes of a number on the curve P-256."""


class TokenKey(Protocol):
    """Signs, and says by which algorithm and name; an empty `kid` is left out of headers."""

    @property
    def kid(self) -> str:
        """The name of the key."""

    @property
    def algorithm(self) -> str:
        """As it stands in a token's header."""

    def sign(self, data: bytes) -> bytes:
        """The signature in the form that tokens carry."""


class PublishedKey(TokenKey, Protocol):
    """A key whose public half stands in the provider's JWKS."""

    def jwk(self) -> dict[str, str]:
        """The public half."""


@attrs.frozen(eq=False)
class RsaKey:
    """RS256."""

    private: rsa.RSAPrivateKey = attrs.field(repr=False)
    algorithm: str = "RS256"

    @property
    def kid(self) -> str:
        """The key's thumbprint, so that another key never has the same name."""
        return _thumbprint(self._members())

    def sign(self, data: bytes) -> bytes:
        """PKCS #1 v1.5 with SHA-256."""
        return self.private.sign(data, padding.PKCS1v15(), SHA256())

    def jwk(self) -> dict[str, str]:
        """The public half."""
        return {"kid": self.kid, "alg": self.algorithm, "use": "sig"} | self._members()

    def public_pem(self) -> bytes:
        """The public half as people publish it: what a confused verifier takes for a secret."""
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def public_der(self) -> bytes:
        """The same in binary."""
        return self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def _members(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "n": base64url(_bytes(numbers.n)), "e": base64url(_bytes(numbers.e))}


@attrs.frozen(eq=False)
class EcKey:
    """ES256."""

    private: ec.EllipticCurvePrivateKey = attrs.field(repr=False)
    algorithm: str = "ES256"

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return _thumbprint(self._members())

    def sign(self, data: bytes) -> bytes:
        """Both numbers of the signature side by side, as tokens want it."""
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

    def jwk(self) -> dict[str, str]:
        """The public half."""
        return {"kid": self.kid, "alg": self.algorithm, "use": "sig"} | self._members()

    def _members(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (base64url(n.to_bytes(_COORDINATE, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


@attrs.frozen
class SharedSecret:
    """HS256 over any bytes, such as a public key."""

    secret: bytes = attrs.field(repr=False)
    kid: str = ""
    algorithm: str = "HS256"

    def sign(self, data: bytes) -> bytes:
        """The HMAC."""
        return hmac.digest(self.secret, data, "sha256")


@attrs.frozen
class NoKey:
    """The algorithm `none`: no signature at all."""

    kid: str = ""
    algorithm: str = "none"

    def sign(self, data: bytes) -> bytes:
        """Nothing."""
        del data
        return b""


def base64url(data: bytes) -> str:
    """Without padding, as in tokens."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def rsa_key(number: int = 0, *, bits: int = 2048) -> RsaKey:
    """The process's RSA key of this number. Making one takes long, so each is made once."""
    return RsaKey(_rsa_once(number, bits))


def ec_key(number: int = 0) -> EcKey:
    """The process's key on P-256 of this number."""
    return EcKey(_ec_once(number))


_lock: Final = Lock()
_rsa_keys: Final[dict[tuple[int, int], rsa.RSAPrivateKey]] = {}
_ec_keys: Final[dict[int, ec.EllipticCurvePrivateKey]] = {}


def _rsa_once(number: int, bits: int) -> rsa.RSAPrivateKey:
    with _lock:
        if (number, bits) not in _rsa_keys:
            _rsa_keys[number, bits] = rsa.generate_private_key(65537, bits)
        return _rsa_keys[number, bits]


def _ec_once(number: int) -> ec.EllipticCurvePrivateKey:
    with _lock:
        if number not in _ec_keys:
            _ec_keys[number] = ec.generate_private_key(ec.SECP256R1())
        return _ec_keys[number]


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _thumbprint(members: dict[str, str]) -> str:
    """RFC 7638: the hash of the sorted required members."""
    return base64url(hashlib.sha256(encode(dict(sorted(members.items())))).digest())
