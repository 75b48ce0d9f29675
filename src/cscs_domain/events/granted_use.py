"""What was granted against what was consumed. Source: usage events contract, 4; ADR 0023."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from cscs_domain.events.directory_records import (
    AllocationStatus,
    DirectoryAllocation,
    GrantedUnit,
)
from cscs_domain.events.hours import HOUR, hours, rounded_quotient
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums
from cscs_domain.events.utc_times import utc_text

CONSUMED: Final[Mapping[GrantedUnit, Callable[[UsageSums], int]]] = {
    GrantedUnit.CPU_HOURS: lambda sums: sums.cpu_seconds,
    GrantedUnit.GPU_HOURS: lambda sums: sums.gpu_seconds,
}
"""The seconds that count against each unit."""


@attrs.frozen(kw_only=True)
class UnitUse:
    """Of one unit: whole hours that were granted, seconds that were consumed, of all time."""

    unit: GrantedUnit
    granted_hours: int
    consumed_seconds: int

    @property
    def remaining_seconds(self) -> int:
        """Negative if more was consumed than was granted."""
        return self.granted_hours * HOUR - self.consumed_seconds

    @property
    def share(self) -> Decimal | None:
        """The consumed part of the grant, rounded to four places; None if nothing was granted."""
        if not self.granted_hours:
            return None
        return rounded_quotient(self.consumed_seconds, self.granted_hours * HOUR)


@attrs.frozen(kw_only=True)
class GrantUse:
    """An allocation with all that was consumed of it, whenever that was and wherever."""

    allocation: str
    project: str
    start: datetime | None
    end: datetime | None
    status: AllocationStatus
    units: tuple[UnitUse, ...]


def uses_of(
    allocations: Iterable[DirectoryAllocation], sums: Mapping[str, UsageSums]
) -> tuple[GrantUse, ...]:
    """What was consumed of each, those that began first coming first."""
    ordered = sorted(allocations, key=lambda one: (one.start is not None, one.start, one.id))
    return tuple(_use_of(one, sums.get(one.id, NOTHING_USED)) for one in ordered)


def _use_of(allocation: DirectoryAllocation, sums: UsageSums) -> GrantUse:
    return GrantUse(
        allocation=allocation.id,
        project=allocation.project,
        start=allocation.start,
        end=allocation.end,
        status=allocation.status,
        units=tuple(
            UnitUse(
                unit=unit,
                granted_hours=allocation.granted[unit],
                consumed_seconds=CONSUMED[unit](sums),
            )
            for unit in GrantedUnit
            if unit in allocation.granted
        ),
    )


def grant_use_to_wire(use: GrantUse) -> dict[str, object]:
    """Hours with four decimal places, null where an allocation is open."""
    return {
        "allocation": use.allocation,
        "project": use.project,
        "start": None if use.start is None else utc_text(use.start),
        "end": None if use.end is None else utc_text(use.end),
        "status": use.status.value,
        "units": {unit.unit.value: _unit_to_wire(unit) for unit in use.units},
    }


def _unit_to_wire(use: UnitUse) -> dict[str, object]:
    return {
        "granted": use.granted_hours,
        "consumed": hours(use.consumed_seconds),
        "remaining": hours(use.remaining_seconds),
        "share": use.share,
    }
