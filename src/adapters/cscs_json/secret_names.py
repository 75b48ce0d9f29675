"""Which members of a JSON object are secret, by their names."""

from __future__ import annotations

import re
from typing import Final

_SECRET: Final = re.compile(
    "secret|passw|token|private_?key|api_?key|access_?key|credential", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a member's name speaks of something that must not be shown."""
    return _SECRET.search(name) is not None
