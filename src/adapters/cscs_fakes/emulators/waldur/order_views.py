"""Orders to read. Source: Waldur contract, section 4."""

from __future__ import annotations

from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.filters import (
    Filters,
    any_of,
    choice,
    filtered,
    flag,
    since,
    uuid,
)
from cscs_fakes.emulators.waldur.lists import list_of
from cscs_fakes.emulators.waldur.mode import ORDER_STATES, ORDER_TYPES, Mode, choices
from cscs_fakes.emulators.waldur.permissions import order_in_path
from cscs_fakes.emulators.waldur.selection import View, order_view
from cscs_fakes.emulators.waldur.state import Portal

_ORDERINGS: Final = frozenset({"created", "cost", "state", "modified", "consumer_reviewed_at"})


def _filters(mode: Mode) -> Filters:
    common: Filters = {
        "state": choice("state", choices(ORDER_STATES, mode)),
        "type": choice("type", choices(ORDER_TYPES, mode)),
        "offering_uuid": uuid("offering_uuid"),
        "resource_uuid": uuid("marketplace_resource_uuid"),
        "customer_uuid": uuid("customer_uuid"),
        "project_uuid": uuid("project_uuid"),
        "provider_uuid": uuid("provider_uuid"),
        "can_approve_as_provider": flag(lambda order: order.get("state") == "pending-provider"),
        "created": since("created"),
        "modified": since("modified"),
    }
    return common if mode is Mode.V5_8 else {**common, "offering_slug": any_of("offering_slug")}


_FILTERS: Final = {mode: _filters(mode) for mode in Mode}


def list_orders(portal: Portal, call: Call) -> Answer:
    """All orders: the agent provides, and the consumer uses, everything there is."""
    found = filtered(portal.orders, call.query, _FILTERS[portal.mode], _ORDERINGS)
    return list_of(call, found, _view(portal, call).of)


def show_order(portal: Portal, call: Call) -> Answer:
    """One order."""
    return Answer(body=_view(portal, call).of(order_in_path(portal, call)))


def _view(portal: Portal, call: Call) -> View:
    return order_view(call.names, portal.keys["order"], portal.mode, call.caller.is_staff)
