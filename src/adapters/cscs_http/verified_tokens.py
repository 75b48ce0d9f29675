"""Tokens that were checked already: a page must not cost a signature each time. DESIGN section 8.

Only digests are kept, so that a token cannot be found in the memory of an idle server.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from cscs_domain.callers import Caller
from cscs_domain.claims import BelievedClaims

MOST_KEPT: Final = 4096

Signer: TypeAlias = tuple[str, str]
"""An issuer and the thumbprint of one of its keys."""


@attrs.frozen
class _Entry:
    claims: BelievedClaims
    signer: Signer


class VerifiedTokens:
    """The callers of tokens, until they expire; of more than `most`, those used last are kept."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def caller(self, token: str, now: datetime) -> Caller | None:
        """The caller of a token that was verified and has not expired."""
        digest = _digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if now >= entry.claims.until:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry.claims.caller

    def keep(self, token: str, claims: BelievedClaims, signer: Signer) -> None:
        """Remember a token that was verified."""
        self._entries[_digest(token)] = _Entry(claims, signer)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def keep_only(self, signers: Collection[Signer]) -> None:
        """Forget all tokens that others than these have signed."""
        for digest, entry in list(self._entries.items()):
            if entry.signer not in signers:
                del self._entries[digest]


def _digest(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
