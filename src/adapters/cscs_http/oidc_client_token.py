"""What a token endpoint answers, and for how long a token of it is used.

Source: DWDI contract, section 2; HPC user contract, section 2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

import attrs

from cscs_http.answer import Answer

_USUAL_LIFE: Final = Decimal(3600)
_USUAL_MARGIN: Final = Decimal(300)
_LONGEST_LIFE: Final = Decimal(30 * 86400)
# What a header can hold in one piece. The HTTP library would quote anything else in its error.
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")


@attrs.frozen
class BearerToken:
    """A token as a header, and how long after it was asked for it is used."""

    header: str = attrs.field(repr=False)
    usable_for: timedelta


def usable_time(expires_in: object) -> timedelta:
    """How long a token is used that lives for `expires_in` seconds: never in its last part.

    That part is five minutes or half of its life, whichever is less. Numbers may be text; what
    tells no number counts as an hour, and nothing as more than thirty days.

    >>> str(usable_time(3600)), str(usable_time("60")), str(usable_time(-5))
    ('0:55:00', '0:00:30', '0:00:00')
    """
    life = min(_seconds(expires_in), _LONGEST_LIFE)
    if life <= 0:
        return timedelta(0)
    return timedelta(seconds=float(life - min(_USUAL_MARGIN, life / 2)))


def _seconds(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return _USUAL_LIFE
    try:
        number = Decimal(value)
    except InvalidOperation:
        return _USUAL_LIFE
    return number if number.is_finite() else _USUAL_LIFE


def parse_token(answer: Answer) -> BearerToken:
    """The token in an answer. Raises `UnusableAnswerError`, which quotes nothing of it."""
    reply = _decoded(answer)
    token = reply.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise answer.unusable("answered without a usable access_token")
    return BearerToken(f"Bearer {token}", usable_time(reply.get("expires_in")))


def _decoded(answer: Answer) -> Mapping[str, object]:
    """The reply; numbers of any size, and NaN as nothing: an odd lifetime spoils no token."""
    try:
        reply: object = json.loads(
            answer.json_bytes(), parse_int=Decimal, parse_float=Decimal, parse_constant=_nothing
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise answer.unusable(f"answered {answer.status} with a body that is no JSON") from None
    if not isinstance(reply, Mapping):
        raise answer.unusable("answered with something that is no object")
    return reply


def _nothing(_name: str) -> None:
    return None
