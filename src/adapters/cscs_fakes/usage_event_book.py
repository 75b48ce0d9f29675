"""What usage event stores in memory share, and keep besides events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Final, Self

import attrs

from cscs_domain.events.links import Link
from cscs_domain.events.name_masks import ERASED
from cscs_domain.events.stored import EventKey, Receipt, StoredEvent, StoreOutcome, UsageScope
from cscs_domain.events.usage_sums import UsageSums

ID_OF: Final[Mapping[UsageScope, Callable[[Link], str | None]]] = {
    UsageScope.USER: lambda link: link.user,
    UsageScope.PROJECT: lambda link: link.project,
    UsageScope.ALLOCATION: lambda link: link.allocation,
}


@attrs.frozen(kw_only=True)
class RememberedCorrection:
    """A link by hand, or one taken back: who, when, why, and what stood there before and after."""

    key: EventKey
    by: str | None
    at: datetime
    reason: str | None
    before: Link
    after: Link

    def without(self, user: str) -> Self:
        """The same, but that it no longer tells of the user if it did."""
        if user not in {self.before.user, self.after.user}:
            return self
        before, after = _without(self.before, user), _without(self.after, user)
        return attrs.evolve(self, by=ERASED, reason=ERASED, before=before, after=after)


@attrs.frozen(kw_only=True)
class KeptReceipt:
    """What was answered to a batch."""

    receipt: Receipt
    outcome: StoreOutcome
    at: datetime


@attrs.frozen(kw_only=True)
class DailyUsage:
    """What an event adds to the sums of its day; it may be gone."""

    day: date
    source: str
    link: Link
    sums: UsageSums

    def id_of(self, scope: UsageScope) -> str | None:
        """Whose usage it is."""
        return ID_OF[scope](self.link)


@attrs.define
class EventBook:
    """What stores in memory share."""

    events: dict[EventKey, StoredEvent] = attrs.Factory(dict)
    corrections: list[RememberedCorrection] = attrs.Factory(list)
    receipts: dict[tuple[str, str], KeptReceipt] = attrs.Factory(dict)
    touched: set[date] = attrs.Factory(set)
    dropped: list[DailyUsage] = attrs.Factory(list)
    """Of events that are gone."""

    def forget_sums(self, user: str, kept: Collection[date]) -> int:
        """Make a user's usage nobody's but on the days that are kept; return of how many sums."""
        sums: set[tuple[object, ...]] = set()
        for number, used in enumerate(self.dropped):
            if used.link.user == user and used.day not in kept:
                self.dropped[number] = attrs.evolve(used, link=_without(used.link, user))
                sums.add((used.day, used.source, used.link.project, used.link.allocation))
        return len(sums)


def _without(link: Link, user: str) -> Link:
    return attrs.evolve(link, user=None) if link.user == user else link
