"""When a snapshot may be served, is refreshed behind the scenes, or first. DESIGN section 4."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, auto

import attrs

from cscs_domain.errors import InvalidValueError


class Freshness(Enum):
    """What to do with a snapshot of a certain age."""

    SERVE = auto()
    SERVE_AND_REFRESH = auto()
    REFRESH_FIRST = auto()


def _not_negative(
    _instance: object, attribute: attrs.Attribute[timedelta], value: timedelta
) -> None:
    if value < timedelta(0):
        raise InvalidValueError(attribute.name, str(value), "is negative")


@attrs.frozen(kw_only=True)
class FreshnessPolicy:
    """How old an answer may be.

    `max_age`: younger is served as it is; up to twice as old is served while a refresh runs;
    older never before a refresh has ended. Zero reads every time. `stale_if_error`: how old it may
    be if the refresh failed. `keep`: how long a replaced snapshot stays for walks that are pinned
    to it. `retry_after`: how long a failed refresh is not tried again for ordinary requests.
    """

    max_age: timedelta = attrs.field(default=timedelta(seconds=15), validator=_not_negative)
    stale_if_error: timedelta = attrs.field(default=timedelta(minutes=5), validator=_not_negative)
    keep: timedelta = attrs.field(default=timedelta(minutes=5), validator=_not_negative)
    retry_after: timedelta = attrs.field(default=timedelta(seconds=2), validator=_not_negative)

    def judge(self, age: timedelta) -> Freshness:
        """What to do with a snapshot of this age."""
        if age < self.max_age:
            return Freshness.SERVE
        if age < 2 * self.max_age:
            return Freshness.SERVE_AND_REFRESH
        return Freshness.REFRESH_FIRST

    def may_answer(self, age: timedelta) -> bool:
        """Whether somebody who asks now gets a snapshot of this age if reading goes on failing."""
        return self.judge(age) is not Freshness.REFRESH_FIRST or self.may_stand_in(age)

    def may_stand_in(self, age: timedelta) -> bool:
        """Whether a snapshot of this age may be served although its refresh failed."""
        return age <= self.stale_if_error
