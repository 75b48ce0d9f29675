"""Usage of a user, a project or an allocation over some days. Source: DESIGN sections 5 and 9."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import EARLIEST, LATEST, LONGEST_NAME
from cscs_domain.events.buckets import Bucket, BucketSize
from cscs_domain.events.event import check_text
from cscs_domain.events.granted_use import GrantUse, grant_use_to_wire
from cscs_domain.events.hours import gib_hours, hours
from cscs_domain.events.stored import SumsQuery, UsageScope
from cscs_domain.events.usage_sums import UsageSums

MOST_DAYS: Final = 3653
"""Ten years."""
_DAY: Final = timedelta(days=1)


@attrs.frozen(kw_only=True)
class SummaryQuery:
    """Whose usage (an id of the directory), from the first to the last day of the site's zone.

    Raises `InvalidValueError`.
    """

    scope: UsageScope
    id: str
    first: date
    last: date
    source: str | None = None
    size: BucketSize = BucketSize.DAY

    def __attrs_post_init__(self) -> None:
        check_text("id", self.id, LONGEST_NAME)
        if self.source is not None:
            check_text("source", self.source, LONGEST_NAME)
        days, count = f"{self.first} to {self.last}", (self.last - self.first).days + 1
        if count < 1:
            raise InvalidValueError("days", days, "end before they begin")
        if count > MOST_DAYS:
            raise InvalidValueError("days", days, f"are more than {MOST_DAYS}: ask for fewer")
        if self.first < EARLIEST.date() - _DAY or self.last > LATEST.date():
            reason = f"are not between the years {EARLIEST.year} and {LATEST.year}"
            raise InvalidValueError("days", days, reason)

    @property
    def sums(self) -> SumsQuery:
        """What the store is asked."""
        return SumsQuery(
            scope=self.scope, id=self.id, first=self.first, last=self.last, source=self.source
        )


@attrs.frozen(kw_only=True)
class UsageSummary:
    """What was asked, with every bucket, the sums of them all, and grants.

    `name` is what people call it (a user's name, a project's title); None if the directory does not
    know the id, of which there may be usage all the same. Grants are those of the allocation or of
    the project, against all that was ever consumed of them.
    """

    query: SummaryQuery
    name: str | None
    series: tuple[Bucket, ...]
    totals: UsageSums
    grants: tuple[GrantUse, ...] = ()


def usage_summary_to_wire(summary: UsageSummary) -> dict[str, object]:
    """Hours as decimals of four places (memory and storage in GiB-hours), beside exact seconds."""
    query = summary.query
    return {
        "scope": query.scope.value,
        "id": query.id,
        "name": summary.name,
        "source": query.source,
        "from": query.first.isoformat(),
        "to": query.last.isoformat(),
        "granularity": query.size.value,
        "totals": sums_to_wire(summary.totals),
        "series": [_bucket_to_wire(bucket) for bucket in summary.series],
        "grants": [grant_use_to_wire(use) for use in summary.grants],
    }


def sums_to_wire(sums: UsageSums) -> dict[str, object]:
    """The sums in hours, and exactly."""
    return {
        "cpu_hours": hours(sums.cpu_seconds),
        "gpu_hours": hours(sums.gpu_seconds),
        "walltime_hours": hours(sums.walltime_seconds),
        "ram_gib_hours": gib_hours(sums.ram_byte_seconds),
        "storage_gib_hours": gib_hours(sums.storage_byte_seconds),
        "events": sums.events,
        "not_summed": sums.not_summed,
        "cpu_seconds": sums.cpu_seconds,
        "gpu_seconds": sums.gpu_seconds,
        "walltime_seconds": sums.walltime_seconds,
        "ram_byte_seconds": sums.ram_byte_seconds,
        "storage_byte_seconds": sums.storage_byte_seconds,
    }


def _bucket_to_wire(bucket: Bucket) -> dict[str, object]:
    days = {"from": bucket.first.isoformat(), "to": bucket.last.isoformat()}
    return {"name": bucket.name, **days, **sums_to_wire(bucket.sums)}
