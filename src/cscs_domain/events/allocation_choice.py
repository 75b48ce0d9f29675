"""Which of several allocations usage belongs to. Usage events contract, section 4.1, step 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from cscs_domain.events.directory_records import AllocationStatus, DirectoryAllocation

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


def by_preference(allocations: Iterable[DirectoryAllocation]) -> list[DirectoryAllocation]:
    """The best first: active ones, then those that began last (open ones after all), then by id."""
    return sorted(sorted(allocations, key=_id), key=_rank, reverse=True)


def choose_allocation(
    preferred: Sequence[DirectoryAllocation], start: datetime, end: datetime
) -> DirectoryAllocation | None:
    """The first of these, which are in the order of `by_preference`, that overlaps the window."""
    return next((one for one in preferred if one.overlaps(start, end)), None)


def choose_requested(
    requested: Iterable[DirectoryAllocation], start: datetime, end: datetime
) -> DirectoryAllocation | None:
    """The best of those that OpenStack requests name: one that overlaps the window if any does.

    Otherwise the best of them all: the name of the OpenStack project speaks for it.
    """
    preferred = by_preference(requested)
    return choose_allocation(preferred, start, end) or next(iter(preferred), None)


def _id(allocation: DirectoryAllocation) -> str:
    return allocation.id


def _rank(allocation: DirectoryAllocation) -> tuple[bool, datetime]:
    # A beginning at the earliest time there is and none at all are as good as the same.
    return allocation.status is AllocationStatus.ACTIVE, allocation.start or _BEFORE_ALL
