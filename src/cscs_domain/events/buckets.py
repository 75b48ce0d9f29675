"""Days, weeks and months of a series. Source: usage events contract, section 5; ADR 0023."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from itertools import groupby

import attrs

from cscs_domain.events.site_days import days_between
from cscs_domain.events.stored import DaySums
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums


class BucketSize(StrEnum):
    """How much time each point of a series stands for."""

    DAY = "day"
    WEEK = "week"
    """From Monday to Sunday (ISO 8601)."""
    MONTH = "month"

    def name_of(self, day: date) -> str:
        """What the bucket of a day is called: `2025-11-19`, `2025-W47`, `2025-11`."""
        match self:
            case BucketSize.DAY:
                return day.isoformat()
            case BucketSize.WEEK:
                year, week, _ = day.isocalendar()
                return f"{year:04d}-W{week:02d}"
            case BucketSize.MONTH:
                return f"{day.year:04d}-{day.month:02d}"


@attrs.frozen(kw_only=True)
class Bucket:
    """The sums of some days, the first and the last included.

    The first and the last bucket of a series may be parts of a week or month: they hold no day that
    was not asked for.
    """

    name: str
    first: date
    last: date
    sums: UsageSums


def series_of(
    sums: Iterable[DaySums], first: date, last: date, size: BucketSize
) -> tuple[Bucket, ...]:
    """Every bucket from the first to the last day, those without usage too."""
    by_day = {found.day: found.sums for found in sums}
    return tuple(
        Bucket(
            name=name,
            first=days[0],
            last=days[-1],
            sums=sum((by_day.get(day, NOTHING_USED) for day in days), NOTHING_USED),
        )
        for name, days in _grouped(first, last, size)
    )


def _grouped(first: date, last: date, size: BucketSize) -> Iterator[tuple[str, list[date]]]:
    for name, days in groupby(days_between(first, last), key=size.name_of):
        yield name, list(days)
