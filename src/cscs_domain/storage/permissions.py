"""Octal permissions of a directory."""

from __future__ import annotations

import re
from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError

_OCTAL: Final = re.compile("[0-7]{3,4}")


def _is_octal(_instance: object, _attribute: object, value: str) -> None:
    # A number is refused on purpose: 775 as a JSON number may have lost a leading zero.
    if not isinstance(value, str) or not _OCTAL.fullmatch(value):
        raise InvalidValueError("permission", shown(value), "is not text of 3 or 4 octal digits")


@attrs.frozen
class Permission:
    """Permission bits as text of three or four octal digits, e.g. "775" or "2770"."""

    value: str = attrs.field(validator=_is_octal)


DEFAULT_PERMISSION: Final = Permission("775")
