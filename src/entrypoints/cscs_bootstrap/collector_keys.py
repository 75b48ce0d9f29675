"""The keys by which collectors are known. Source: usage events contract, section 2."""

from __future__ import annotations

import hashlib
import hmac

import attrs

from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings_events import EventsSettings


@attrs.frozen
class CollectorKeys:
    """Keys with the names of their collectors; false if there are none.

    Keys out of files are read when they are compared, so they can be changed without a restart.
    """

    _keys: tuple[tuple[str, Secret], ...] = ()

    @classmethod
    def of(cls, settings: EventsSettings) -> CollectorKeys:
        """Those of a configuration."""
        return cls(tuple(settings.named_keys()))

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def names(self) -> tuple[str, ...]:
        """The collectors that there are."""
        return tuple(name for name, _ in self._keys)

    def sender_of(self, key_text: str) -> str | None:
        """Whose key this is, or None. How long that takes tells nothing about any key."""
        given = _digest(key_text)
        sender: str | None = None
        for name, key in self._keys:
            # No early end, and digests of one length: nothing depends on what is equal.
            if hmac.compare_digest(given, _digest(key.reveal())):
                sender = name
        return sender


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.strip().encode(errors="surrogatepass")).digest()
