"""The nested order of a resource row. Source: Waldur contract, section 4."""

from __future__ import annotations

from typing import Final

from cscs_domain.storage.field_parsers import (
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


def parse_order(row: WaldurOrder) -> Order | None:
    """An order that still has something to come, None for one in a final state.

    Raises `FieldFault` for an order without uuid or state: without them nobody can tell whether
    the change that it asks for has been approved.
    """
    state = _STATES.get(required_text(row.state, "order_in_progress.state"), OrderState.UNKNOWN)
    if state.is_final:
        return None
    attributes = mapping(row.attributes, "order_in_progress.attributes")
    return Order(
        uuid=required_uuid(row.uuid, "order_in_progress.uuid"),
        type=_TYPES.get(optional_text(row.type, "order_in_progress.type"), OrderType.UNKNOWN),
        state=state,
        limit=quantity(mapping(row.limits, "order_in_progress.limits"), "storage", "order limits"),
        old_limit=quantity(mapping(attributes.get("old_limits"), "old_limits"), "storage", "old_limits"),
        overrides=_changed_overrides(attributes.get("new_options"), "new_options"),
        old_overrides=_changed_overrides(attributes.get("old_options"), "old_options"),
    )


def _changed_overrides(value: object, member: str) -> QuotaOverrides | None:
    return None if value is None else quota_overrides(value, member)
