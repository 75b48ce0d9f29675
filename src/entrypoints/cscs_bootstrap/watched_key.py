"""A collector's key that may change in its file while the server runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import structlog

from cscs_bootstrap.secrets import FileSecret, Secret
from cscs_bootstrap.settings_events_values import unfit_key

_LOG: Final = structlog.get_logger("cscs.events")


class WatchedKey:
    """The digest of the last good key of a collector, and what its file has instead, if anything.

    The key that it is made with is good: settings are checked when they are loaded.
    """

    def __init__(self, name: str, secret: Secret) -> None:
        self.name = name
        self.digest = digest_of(secret.reveal())
        self._secret = secret
        self._told: tuple[bytes, str] | None = None

    def wanted(self) -> bytes:
        """The digest of what its file has, if that may be a key; else of the key that it has."""
        text = self._secret.reveal()
        return digest_of(text) if self._fault(text, None) is None else self.digest

    def follow(self, others: Mapping[bytes, str]) -> None:
        """Take the key that the file has now, unless it is no good or one of the `others`.

        A fault is told once while it lasts.
        """
        text = self._secret.reveal()
        digest = digest_of(text)
        fault = self._fault(text, others.get(digest))
        if fault is None:
            self.digest, self._told = digest, None
        elif self._told != (digest, fault):
            self._told = (digest, fault)
            _LOG.error("collector_key_refused", collector=self.name, reason=fault)

    def _fault(self, text: str, twin: str | None) -> str | None:
        secret = self._secret
        if isinstance(secret, FileSecret) and secret.fault is not None:
            return f"its file {secret.fault}; the key before stays in use"
        if digest_of(text) == self.digest:
            return None
        reason = f"is the key of {twin}" if twin is not None else unfit_key(text)
        if reason is None:
            return None
        return f"what its file holds now {reason.rstrip('.')}; the key before stays in use"


def digest_of(key: str) -> bytes:
    """Of a key without the blanks around it; all are of one length."""
    return hashlib.sha256(key.strip().encode(errors="surrogatepass")).digest()
