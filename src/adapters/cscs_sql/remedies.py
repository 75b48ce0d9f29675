"""Commands that mend the store."""

from __future__ import annotations

from typing import Final

INITIALISE: Final = "cscs events init"
UPGRADE: Final = "cscs events upgrade"
REBUILD: Final = "cscs events rebuild"
NEWER_VERSION: Final = "a newer cscs-domain"
STATUS: Final = "cscs events status"
