"""Taking somebody's names out of texts and out of JSON. Source: DESIGN section 9; ADR 0022."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import attrs

from cscs_domain.events.persons import folded_name

ERASED: Final = "erased"
"""What stands where somebody's name stood."""
LEAST_MASKED: Final = 4
"""Characters of a name that goes from longer texts, too. Shorter ones are words of everybody's."""

_NO_LETTER_BEFORE: Final = r"(?<![^\W_])"
_NO_LETTER_AFTER: Final = r"(?![^\W_])"


@attrs.frozen
class NameMask:
    """Puts `ERASED` in the place of names, which are folded (see `folded_name`).

    A text that is a name goes as a whole. Inside of longer texts a name goes where it stands as a
    word of its own, between what is neither letter nor digit: as in `/home/anovak/run_1`.
    """

    names: frozenset[str]

    def text(self, text: str) -> str:
        """The text without names."""
        if folded_name(text) in self.names:
            return ERASED
        pattern = _pattern(self.names)
        return text if pattern is None else pattern.sub(ERASED, text)

    def value(self, value: object) -> object:
        """JSON without names, neither in texts nor in keys."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(item) for item in value]
            case Mapping():
                return self.object(value)
            case _:
                return value

    def object(self, value: Mapping[str, object]) -> dict[str, object]:
        """The same of an object."""
        made: dict[str, object] = {}
        for key, item in value.items():
            new = self.text(key)
            while new in made or (new != key and new in value):
                new += "+"  # two people's names may be keys of one object
            made[new] = self.value(item)
        return made


@lru_cache(maxsize=64)
def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    """The names in texts of any case; of names that begin alike the longest is tried first."""
    long = [name for name in names if len(name) >= LEAST_MASKED]
    if not long:
        return None
    # One capital I is two characters when it is lower-cased, of which the pattern sees one.
    words = [re.escape(name).replace("i\u0307", "i\u0307?") for name in sorted(long, key=_rank)]
    either = "|".join(words)
    return re.compile(f"{_NO_LETTER_BEFORE}(?:{either}){_NO_LETTER_AFTER}", re.IGNORECASE)


def _rank(name: str) -> tuple[int, str]:
    return -len(name), name
