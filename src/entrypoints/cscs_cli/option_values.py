"""What options take besides what their types say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cyclopts import Parameter, Token


def _named_path(_type: object, tokens: Sequence[Token]) -> Path:
    # As a path, nothing at all would be the working directory.
    (token,) = tokens
    if not token.value.strip():
        raise ValueError("it is empty, as a variable that is not set leaves it; name a path.")
    return Path(token.value)


NAMED_PATH: Final = Parameter(converter=_named_path, n_tokens=1)
"""A path that somebody has written: an empty one is refused."""
