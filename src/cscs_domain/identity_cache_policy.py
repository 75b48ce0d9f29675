"""How long a look-up of Unix ids is believed, and how to see that it is.

Source: HPC user contract, sections 4 and 5; DESIGN section 2, "GID cache".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeVar

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.freshness import Freshness

_HOUR: Final = timedelta(hours=1)
_Value = TypeVar("_Value", int, timedelta, timedelta | None)


def _not_negative(_instance: object, attribute: attrs.Attribute[_Value], value: _Value) -> None:
    is_negative = value < timedelta(0) if isinstance(value, timedelta) else (value or 0) < 0
    if is_negative:
        raise InvalidValueError(attribute.name, str(value), "is negative")


@attrs.frozen(kw_only=True)
class IdentityCachePolicy:
    """What a cache of ids may remember.

    `ttl`: how long an id that was found is believed, None for ever; from four fifths of it on it
    is looked up again behind the scenes. `negative_ttl`: how long a name that is unknown, or whose
    id is doubtful, is not asked for again. `stale_on_error`: how old either may be while the
    service does not answer. `pause`: how long it is left alone after it has failed. `most`: how
    many names are remembered; the oldest go first.
    """

    ttl: timedelta | None = attrs.field(default=6 * _HOUR, validator=_not_negative)
    negative_ttl: timedelta = attrs.field(default=timedelta(seconds=60), validator=_not_negative)
    stale_on_error: timedelta = attrs.field(default=24 * _HOUR, validator=_not_negative)
    pause: timedelta = attrs.field(default=timedelta(seconds=5), validator=_not_negative)
    most: int = attrs.field(default=200_000, validator=_not_negative)
    refresh_after: timedelta | None = attrs.field(init=False)

    @refresh_after.default
    def _four_fifths(self) -> timedelta | None:
        return None if self.ttl is None else self.ttl * 4 / 5

    def judge(self, age: timedelta, *, known: bool) -> Freshness:
        """What to do with what was found out this long ago; `known` if that was an id."""
        if not known:
            return Freshness.SERVE if age < self.negative_ttl else Freshness.REFRESH_FIRST
        if self.ttl is None or self.refresh_after is None or age < self.refresh_after:
            return Freshness.SERVE
        return Freshness.SERVE_AND_REFRESH if age < self.ttl else Freshness.REFRESH_FIRST

    def may_stand_in(self, age: timedelta) -> bool:
        """Whether what was found out this long ago may be served while the service fails."""
        return age <= self.stale_on_error


@attrs.frozen(kw_only=True)
class GidCacheStatistics:
    """What a cache did since it was made, in names asked for, and what it holds now.

    `hits` were answered with an id from memory, `negative` with the memory that there is none,
    `stale` with what would have been asked again if the service had answered; for `misses` the
    service was asked. `size` is how many names are remembered, `oldest` the age of the oldest.
    """

    size: int
    hits: int
    misses: int
    stale: int
    negative: int
    oldest: timedelta | None
