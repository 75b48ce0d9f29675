"""What of a row is shown, and the trap that `field` sets. Source: Waldur contract, section 2.

Unknown names are dropped; if there are no others, everything is shown. The names reach the nested
orders too: of them only what is listed is shown, and all of it if nothing that is listed is known
to an order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import attrs

from cscs_fakes.emulators.waldur.mode import NEW_ORDER_KEYS, NEW_RESOURCE_KEYS, Mode
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.records import Record, Row
from cscs_fakes.emulators.waldur.resources import Resource

NESTED_ORDERS: Final = ("order_in_progress", "creation_order")

_STAFF_ONLY: Final = frozenset({"error_traceback"})
_SOMETIMES: Final = frozenset({"parent_uuid", "parent_name"})
_REVIEWS: Final = frozenset(
    {
        "consumer_reviewed_by",
        "consumer_reviewed_by_full_name",
        "provider_reviewed_by",
        "provider_reviewed_by_full_name",
        "old_plan_name",
        "old_plan_uuid",
    }
)
"""Keys that are absent as long as they have no value."""


@attrs.frozen
class View:
    """Which members are shown: all but some, or those of some names."""

    hidden: frozenset[str]
    names: tuple[str, ...] | None = None

    def of(self, record: Record) -> dict[str, object]:
        """What is shown of a record."""
        if self.names is None:
            fields = record.fields()
            for key in self.hidden:
                fields.pop(key, None)
            return fields
        parts = (record.offering, record.place, record.own)
        return {name: part[name] for part in parts for name in self.names if name in part}


@attrs.frozen
class ResourceView:
    """What is shown of a resource; `orders` is None where nested orders are left out."""

    fields: View
    orders: View | None
    nested: tuple[str, ...]

    def of(self, resource: Resource) -> dict[str, object]:
        """What is shown of one resource."""
        fields = self.fields.of(resource)
        if self.orders is not None:
            for name in self.nested:
                fields[name] = _nested(resource, name, self.orders)
        return fields


def picked(row: Row, names: Collection[str]) -> Row:
    """What is shown of a plain row."""
    found = {name: row[name] for name in row if name in names}
    return found or row


def order_view(names: frozenset[str], known: frozenset[str], mode: Mode, is_staff: bool) -> View:
    """What of an order is shown to whom."""
    hidden = frozenset() if is_staff else _STAFF_ONLY
    if mode is Mode.V5_8:
        hidden |= NEW_ORDER_KEYS
    return _view(names, known | _REVIEWS, hidden)


def resource_view(
    names: frozenset[str],
    known: Mapping[str, frozenset[str]],
    mode: Mode,
    *,
    is_staff: bool,
    is_list: bool,
) -> ResourceView:
    """What of a resource is shown to whom; `known` are the keys of resources and of orders.

    In 5.8 nested orders are shown in the full view of one resource only.
    """
    nested = order_view(names, known["order"], mode, is_staff)
    if mode is Mode.V5_8:
        view = _view(names, known["resource"] | _SOMETIMES, NEW_RESOURCE_KEYS)
        shown = view.names is None and not is_list
        return ResourceView(view, nested if shown else None, NESTED_ORDERS)
    hidden = frozenset() if is_staff else _STAFF_ONLY
    view = _view(names, known["resource"] | _SOMETIMES | frozenset(NESTED_ORDERS), hidden)
    wanted = NESTED_ORDERS if view.names is None else set(NESTED_ORDERS) & set(view.names)
    return ResourceView(view, nested if wanted else None, tuple(wanted))


def _view(names: frozenset[str], known: frozenset[str], hidden: frozenset[str]) -> View:
    useful = (names & known) - hidden
    return View(hidden, tuple(useful) if useful else None)


def _nested(resource: Resource, name: str, view: View) -> object:
    found = resource.in_progress if name == NESTED_ORDERS[0] else resource.creation
    return view.of(found) if isinstance(found, Order) else found
