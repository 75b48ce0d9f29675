"""The keys by which collectors are known. Source: usage events contract, section 2."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings_events import EventsSettings
from cscs_bootstrap.watched_key import WatchedKey, digest_of


class CollectorKeys:
    """Keys with the names of their collectors; false if there are none.

    Keys out of files are read when they are compared, so they can be changed without a restart. A
    new one that does not hold, or that is another collector's, is not taken: the last good one
    stays in use, and the log tells of it once.
    """

    def __init__(self, keys: Iterable[tuple[str, Secret]] = ()) -> None:
        self._keys = tuple(WatchedKey(name, secret) for name, secret in keys)

    @classmethod
    def of(cls, settings: EventsSettings) -> CollectorKeys:
        """Those of a configuration."""
        return cls(settings.named_keys())

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def names(self) -> tuple[str, ...]:
        """The collectors that there are."""
        return tuple(key.name for key in self._keys)

    def sender_of(self, key_text: str) -> str | None:
        """Whose key this is, or None. How long that takes tells nothing about any key."""
        self._follow_files()
        given = digest_of(key_text)
        sender: str | None = None
        for key in self._keys:
            # No early end, and digests of one length: nothing depends on what is equal.
            if hmac.compare_digest(given, key.digest):
                sender = key.name
        return sender

    def _follow_files(self) -> None:
        # All files are looked at first, so that two collectors may exchange their keys.
        wanted = {key.name: key.wanted() for key in self._keys}
        for key in self._keys:
            key.follow({wanted[other.name]: other.name for other in self._keys if other is not key})
