"""How single members of Waldur's records of usage are read: any value in, None if it is no such.

Source: Waldur contract, sections 1, 7 and 8.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final
from uuid import UUID

from cscs_domain._text import is_encodable
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import parse_quantity
from cscs_domain.usage.months import Month
from cscs_http.waldur_usage_lists import readable_uuid

_LAST_SEGMENT: Final = re.compile(r"([0-9a-fA-F-]{32,36})/?$")


def text_of(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value and is_encodable(value) else None


def month_of(value: object) -> Month | None:
    """The month of a date."""
    try:
        return Month.parse(value[:7]) if isinstance(value, str) else None
    except InvalidValueError:
        return None


def amount_of(value: object) -> Decimal | None:
    """A number of either sign: Waldur takes negative ones from anybody."""
    try:
        if isinstance(value, str) and value.strip().startswith("-"):
            return -parse_quantity(value.strip()[1:])
        if isinstance(value, int | float | Decimal) and value < 0:
            return -parse_quantity(-value)
        return parse_quantity(value)
    except InvalidValueError:
        return None


def record_in(url: object) -> UUID | None:
    """The record of usage that a URL ends in."""
    found = _LAST_SEGMENT.search(url) if isinstance(url, str) else None
    return readable_uuid(found[1]) if found else None
