"""JSON of strangers: any value, exactly as it was written, or a sentence why not.

Libraries disagree about a key that stands twice in one object, about NaN and about numbers that
are too large, so that two readers of one text may see two values. Here all of that is refused.

The fast way is msgspec, which keeps the last of equal keys in silence. What it read is written
again: if that is the text but for blanks, nothing was lost. Else (escapes that nobody needs, other
spellings of fractions, many digits, or a key twice) the text is read the slow way, which sees all.
"""

from __future__ import annotations

import json
from collections import Counter
from math import isfinite
from typing import Final, NoReturn, cast

import attrs
import msgspec

from cscs_domain._text import label, shown
from cscs_json.waldur_decoding import GIVES_UP

_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1
_MOST_DIGITS: Final = 1000
"""Of a number. Python needs quadratic time for more, or refuses them."""
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_SUSPICIOUS: Final = b"0" * 19
"""As many digits in a row may be an integer of more than 64 bits, which msgspec reads as well."""
_MARK: Final = b"\xef\xbb\xbf"


MOST_VALUES: Final = 1_000_000
"""In one text. Each takes Python some hundred bytes, and keeps all else waiting for a moment."""


@attrs.define(slots=False, eq=False)
class MalformedJsonError(ValueError):
    """Bytes are no JSON that everybody reads alike: what is wrong and where, in one sentence.

    `got`, fit to be shown, is what somebody wrote there, if the sentence has it.
    """

    reason: str
    got: str = ""

    def __str__(self) -> str:
        return f"{self.reason} (got {self.got})" if self.got else self.reason


def decode_strictly(body: bytes, *, most_values: int = MOST_VALUES) -> object:
    """Any JSON value in UTF-8, objects as `dict`, fractions as `float`.

    Raises `MalformedJsonError` for anything else, for a key twice in one object, NaN, Infinity,
    numbers that are none or more than 64 bits can hold (a sign or not), and nesting that is too
    deep for Python (some hundred levels). Time and memory are linear in the body.

    What has more than `most_values` commas and opening brackets is not read at all. There is one
    of them before every value but the first of all; those inside of texts count as well.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > most_values:
        raise MalformedJsonError(f"too large: it has more than {most_values} values")
    try:
        value = cast(object, msgspec.json.decode(body))
        compact = msgspec.json.encode(value)
        nothing_is_lost = compact == body or compact == msgspec.json.format(body, indent=-1)
        if nothing_is_lost and _SUSPICIOUS not in compact.translate(_ZEROS):
            return value
    except (*GIVES_UP, OverflowError):
        pass
    return _decode_with_care(body)


def _decode_with_care(body: bytes) -> object:
    if body.startswith(_MARK):
        raise MalformedJsonError("not JSON: a byte order mark stands before it")
    try:
        return cast(
            object,
            json.loads(
                body.decode(),
                object_pairs_hook=_object,
                parse_int=_integer,
                parse_float=_fraction,
                parse_constant=_refuse_constant,
            ),
        )
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise MalformedJsonError(f"not JSON: {error.msg} at {at}") from None
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"not UTF-8: byte {error.start}") from None
    except RecursionError:
        raise MalformedJsonError("nested too deeply") from None


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(members)
    if len(made) == len(members):
        return made
    twice = next(key for key, count in Counter(key for key, _ in members).items() if count > 1)
    raise MalformedJsonError("not usable JSON: a key twice in one object", label(twice))


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _too_large(text)
    number = int(text)
    if not _SMALLEST <= number <= _LARGEST:
        raise _too_large(text)
    return number


def _fraction(text: str) -> float:
    if len(text) > _MOST_DIGITS:
        raise _too_large(text)
    number = float(text)
    if not isfinite(number):
        raise _too_large(text)
    return number


def _too_large(text: str) -> MalformedJsonError:
    return MalformedJsonError("not usable JSON: a number that is too large", shown(text))


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"not usable JSON: {name} is not a JSON number")
