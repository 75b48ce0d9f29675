"""How consumers order: new resources, changes and ends. Source: Waldur contract, section 4.

Refusals are those of the consumer's endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from cscs_fakes.emulators.waldur.answers import invalid, wrong_state
from cscs_fakes.emulators.waldur.auth import ALICE
from cscs_fakes.emulators.waldur.offerings import Offering
from cscs_fakes.emulators.waldur.order_machine import approved_by_consumer
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.records import ROOT, Row
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal

_ONLY_OF_RESOURCES: Final = frozenset({"offering_backend_id", "offering_customer_uuid"})
_ONLY_OF_RESOURCES_PLACE: Final = frozenset(
    {"project", "project_end_date", "project_end_date_requested_by"}
)
_MAY_CHANGE: Final = ("OK",)
_MAY_END: Final = ("OK", "Erred")


@attrs.frozen(kw_only=True)
class Wish:
    """What an order asks for; the dates are those of spec 004, section 8.6."""

    type: str
    limits: Mapping[str, object] = attrs.field(factory=dict)
    attributes: Mapping[str, object] = attrs.field(factory=dict)
    subtype: str | None = None
    approved: bool = True
    starts: datetime | None = None
    project_starts: datetime | None = None


def order_new(portal: Portal, offering: Offering, place: Row, wish: Wish, slug: str) -> Order:
    """A new resource and the order to create it."""
    fields = _new_resource(portal, offering, wish, slug)
    resource = portal.add_row({**offering.part, **place, **fields})
    return _order(portal, resource, wish)


def order_limits(portal: Portal, resource: Resource, limits: Mapping[str, object]) -> Order:
    """Other limits. Refuses the same ones."""
    _refuse_unless(resource, _MAY_CHANGE)
    old = resource.get("limits")
    if limits == old:
        sentence = "Impossible to create update orders with limits set to exactly the same."
        raise invalid([sentence])
    wish = Wish(
        type="Update", limits=limits, attributes={"old_limits": old}, subtype="update_limits"
    )
    return _order(portal, resource, wish)


def order_options(
    portal: Portal,
    resource: Resource,
    options: Mapping[str, object],
    limits: Mapping[str, object] | None = None,
) -> Order:
    """Other options, perhaps with other limits ([8.1])."""
    _refuse_unless(resource, _MAY_CHANGE)
    attributes: dict[str, object] = {}
    if limits is not None:
        attributes["old_limits"] = resource.get("limits")
    attributes["old_options"] = resource.get("options") or {}
    attributes["new_options"] = dict(options)
    wish = Wish(type="Update", limits=limits or {}, attributes=attributes, subtype="update_options")
    return _order(portal, resource, wish)


def order_end(portal: Portal, resource: Resource) -> Order:
    """The end of a resource."""
    _refuse_unless(resource, _MAY_END)
    return _order(portal, resource, Wish(type="Terminate"))


def _refuse_unless(resource: Resource, states: tuple[str, ...]) -> None:
    if resource.state not in states:
        raise wrong_state(states)
    if resource.waiting_order is not None:
        raise invalid(["Pending order for resource already exists."])


def _order(portal: Portal, resource: Resource, wish: Wish) -> Order:
    part = {k: v for k, v in resource.offering.items() if k not in _ONLY_OF_RESOURCES}
    place = {k: v for k, v in resource.place.items() if k not in _ONLY_OF_RESOURCES_PLACE}
    order = Order(
        portal.shared(part),
        portal.shared(place),
        _new_order(portal, resource, wish),
        resource,
        starts=wish.starts,
        project_starts=wish.project_starts,
    )
    portal.add_order(order)
    if wish.approved:
        _review(portal, order)
        approved_by_consumer(portal, order)
    return order


def _review(portal: Portal, order: Order) -> None:
    order.own["consumer_reviewed_by"] = ALICE.username
    order.own["consumer_reviewed_by_full_name"] = ALICE.full_name
    order.own["consumer_reviewed_at"] = portal.now


def cost_of(limits: Mapping[str, object]) -> str | None:
    """What the limits cost in a month, at 1 for a unit of everything."""
    amounts = [value for value in limits.values() if isinstance(value, int | float | Decimal)]
    if not amounts:
        return None
    return str(sum((Decimal(str(each)) for each in amounts), Decimal(0)).quantize(Decimal("1e-10")))


def _new_resource(portal: Portal, offering: Offering, wish: Wish, slug: str) -> dict[str, object]:
    uuid = portal.new_uuid()
    name = wish.attributes.get("name") or slug
    return {
        "url": f"{ROOT}marketplace-resources/{uuid}/",
        "uuid": uuid,
        "name": name,
        "slug": slug,
        "description": "",
        "state": "Creating",
        "limits": dict(wish.limits),
        "attributes": dict(wish.attributes),
        "options": None,
        "created": portal.now,
        "modified": portal.now,
        "end_date": None,
        "end_date_requested_by": None,
        "error_message": "",
        "error_traceback": "",
        "backend_id": "",
        "backend_metadata": {},
        "effective_id": "",
        "current_usages": {},
        "limit_usage": dict.fromkeys(sorted(offering.types("limit"))),
        "last_sync": portal.now,
        "scope": None,
        "resource_uuid": None,
        "resource_type": None,
        "is_usage_based": bool(offering.types("usage")),
        "is_limit_based": bool(offering.types("limit")),
        "can_terminate": False,
        "report": None,
        "username": None,
        "downscaled": False,
        "restrict_member_access": False,
        "paused": False,
        "endpoints": [],
        "available_actions": [],
    }


def _new_order(portal: Portal, resource: Resource, wish: Wish) -> dict[str, object]:
    uuid = portal.new_uuid()
    return {
        "url": f"{ROOT}marketplace-orders/{uuid}/",
        "uuid": uuid,
        "type": wish.type,
        "state": "pending-consumer",
        "order_subtype": wish.subtype,
        "limits": dict(wish.limits),
        "attributes": dict(wish.attributes),
        "created": portal.now,
        "modified": portal.now,
        "marketplace_resource_uuid": resource.uuid,
        "resource_uuid": None,
        "resource_type": None,
        "resource_name": resource.get("name"),
        "cost": cost_of(wish.limits),
        "output": "",
        "backend_id": "",
        "error_message": "",
        "error_traceback": "",
        "callback_url": None,
        "issue": None,
        "termination_comment": None,
        "created_by_full_name": ALICE.full_name,
        "created_by_civil_number": None,
        "consumer_reviewed_at": None,
        "provider_reviewed_at": None,
        "new_plan_name": resource.get("plan_name"),
        "new_plan_uuid": resource.get("plan_uuid"),
        "old_cost_estimate": None,
        "new_cost_estimate": None,
        "can_terminate": False,
        "fixed_price": 0,
        "activation_price": 0,
    }
