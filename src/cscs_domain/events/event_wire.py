"""Events as plain JSON values, and back."""

from __future__ import annotations

from cscs_domain.events.event import ResourceUsageEvent


def event_to_wire(event: ResourceUsageEvent) -> dict[str, object]:
    """Every field of the contract, null where there is nothing, times in UTC with `Z`."""
    raise NotImplementedError(event)
