"""Query parameters: names may repeat, and order may matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Params: TypeAlias = Sequence[tuple[str, str]]
