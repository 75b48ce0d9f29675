"""Tokens, right and wrong ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from cscs_fakes.emulators.oidc_keys import TokenKey, base64url
from cscs_json import encode

READER_ROLE: Final = "storage-reader"
OPERATOR_ROLE: Final = "storage-operator"


def compact(header: Mapping[str, object], claims: Mapping[str, object], key: TokenKey) -> str:
    """A token in its three parts. What the header says need not be true."""
    signed = f"{base64url(encode(header))}.{base64url(encode(claims))}"
    return f"{signed}.{base64url(key.sign(signed.encode('ascii')))}"


def header_of(key: TokenKey, changes: Mapping[str, object]) -> dict[str, object]:
    """What a token signed with this key says of itself."""
    kid = {"kid": key.kid} if key.kid else {}
    return {"alg": key.algorithm, "typ": "JWT", **kid, **changes}


def person_claims(issuer: str, client: str, now: datetime, life: timedelta) -> dict[str, object]:
    """Claims of Anna, who may read and operate, as Keycloak writes them. Times are Unix seconds."""
    began = int(now.timestamp())
    return {
        "exp": began + int(life.total_seconds()),
        "iat": began,
        "jti": "0d5f3c1e-6a58-4d5c-9a30-5b6f2f8f1f3e",
        "iss": issuer,
        "aud": [client, "account"],
        "sub": "7f1c2a90-e4b5-4d0c-8a11-3a5f5b0c9d21",
        "typ": "Bearer",
        "azp": client,
        "realm_access": {"roles": ["offline_access", READER_ROLE]},
        "resource_access": {client: {"roles": [OPERATOR_ROLE]}},
        "scope": "openid profile email",
        "preferred_username": "anna",
    }


def client_claims(
    issuer: str, client: str, serial: int, now: datetime, life: timedelta
) -> dict[str, object]:
    """Claims of a client that acts for itself; the serial number keeps tokens apart."""
    began = int(now.timestamp())
    return {
        "exp": began + int(life.total_seconds()),
        "iat": began,
        "jti": f"client-token-{serial}",
        "iss": issuer,
        "aud": "account",
        "sub": f"service-account-{client}",
        "typ": "Bearer",
        "azp": client,
        "preferred_username": f"service-account-{client}",
        "client_id": client,
    }


def without(claims: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    """The claims but for these."""
    return {name: value for name, value in claims.items() if name not in names}
