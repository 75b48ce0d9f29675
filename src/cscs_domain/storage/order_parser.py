"""The nested order of a resource row. Source: Waldur contract, section 4."""

from __future__ import annotations

from typing import Final

from cscs_domain.storage.field_parsers import (
    Faults,
    mapping,
    optional_text,
    quantity,
    quota_overrides,
    required_text,
    required_uuid,
)
from cscs_domain.storage.quotas import QuotaOverrides
from cscs_domain.storage.resources import Order
from cscs_domain.storage.states import OrderState, OrderType
from cscs_domain.storage.waldur_rows import WaldurOrder

_STATES: Final = {s.value: s for s in OrderState if s is not OrderState.UNKNOWN}
_TYPES: Final = {t.value: t for t in OrderType if t is not OrderType.UNKNOWN}


def parse_order(row: WaldurOrder, faults: Faults) -> Order | None:
    """An order that still has something to come, None for one in a final state.

    An order without uuid or state is a fault: without them nobody can tell whether the change that
    it asks for has been approved.
    """
    text = required_text(row.state, "order_in_progress.state", faults)
    state = _STATES.get(text, OrderState.UNKNOWN)
    if state.is_final:
        return None
    attributes = mapping(row.attributes, "order_in_progress.attributes", faults)
    limits = mapping(row.limits, "order_in_progress.limits", faults)
    old_limits = mapping(attributes.get("old_limits"), "old_limits", faults)
    kind = optional_text(row.type, "order_in_progress.type", faults)
    return Order(
        uuid=required_uuid(row.uuid, "order_in_progress.uuid", faults),
        type=_TYPES.get(kind, OrderType.UNKNOWN),
        state=state,
        limit=quantity(limits, "storage", "order limits", faults),
        old_limit=quantity(old_limits, "storage", "old_limits", faults),
        overrides=_changed(attributes.get("new_options"), "new_options", faults),
        old_overrides=_changed(attributes.get("old_options"), "old_options", faults),
    )


def _changed(value: object, member: str, faults: Faults) -> QuotaOverrides | None:
    return None if value is None else quota_overrides(value, member, faults)
