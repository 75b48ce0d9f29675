"""What consumers post. Source: Waldur contract, section 4, and samples `flow_*`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer, invalid, invalid_field
from cscs_fakes.emulators.waldur.auth import Caller
from cscs_fakes.emulators.waldur.calls import Call, not_a_dictionary
from cscs_fakes.emulators.waldur.offerings import Offering
from cscs_fakes.emulators.waldur.ordering import Wish, order_end, order_limits, order_new
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.permissions import consumed_resource, require_consumer
from cscs_fakes.emulators.waldur.records import ROOT, Row, hex_of
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.texts import REQUIRED

_NO_OBJECT: Final = "Invalid hyperlink - Object does not exist."
_SHOWN: Final = (
    *("offering", "offering_name", "offering_uuid", "offering_description", "offering_image"),
    *("offering_thumbnail", "offering_type", "offering_terms_of_service", "offering_shared"),
    *("offering_billable", "offering_plugin_options", "provider_name", "provider_uuid"),
    *("category_title", "category_uuid", "category_icon", "plan", "plan_unit", "plan_name"),
    *("plan_uuid", "plan_description", "attributes", "limits", "uuid", "created", "modified"),
    *("type", "resource_uuid", "resource_type", "resource_name", "cost", "state", "output"),
    *("marketplace_resource_uuid", "error_message", "callback_url", "url"),
    *("consumer_reviewed_at", "consumer_reviewed_by_full_name", "created_by_full_name"),
    *("project_uuid", "project_name", "project_description", "customer_name", "customer_uuid"),
)


def create_order(portal: Portal, call: Call) -> Answer:
    """Order a new resource."""
    require_consumer(call)
    body = call.members()
    offering, place = _offering_and_place(portal, body)
    wish = Wish(type="Create", limits=_object(body, "limits"), attributes=_object(body))
    slug = str(wish.attributes.get("name") or offering.slug).lower().replace(" ", "-")
    order = order_new(portal, offering, place, wish, slug)
    return Answer(status=201, body=_created(order, call.caller))


def update_limits(portal: Portal, call: Call) -> Answer:
    """Order other limits."""
    resource = _resource(portal, call)
    return _ordered(order_limits(portal, resource, _object(call.members(), "limits")))


def terminate(portal: Portal, call: Call) -> Answer:
    """Order the end of a resource."""
    return _ordered(order_end(portal, _resource(portal, call)))


ACTIONS: Final[Mapping[str, Callable[[Portal, Call], Answer]]] = {
    "update_limits": update_limits,
    "terminate": terminate,
}


def _resource(portal: Portal, call: Call) -> Resource:
    resource = consumed_resource(portal, call)
    require_consumer(call)
    return resource


def _ordered(order: Order) -> Answer:
    return Answer(body={"order_uuid": order.uuid})


def _offering_and_place(portal: Portal, body: Mapping[str, object]) -> tuple[Offering, Row]:
    missing = {name: [REQUIRED] for name in ("offering", "project") if name not in body}
    if missing:
        raise invalid(missing)
    offering = portal.offerings.get(_uuid_in(body, "offering"))
    if offering is None:
        raise invalid_field("offering", _NO_OBJECT)
    place = portal.places.project(_uuid_in(body, "project"))
    if place is None:
        raise invalid_field("project", _NO_OBJECT)
    return offering, place


def _uuid_in(body: Mapping[str, object], name: str) -> str:
    """The last segment of a URL."""
    return hex_of(str(body[name]).rstrip("/").rpartition("/")[2]) or ""


def _object(body: Mapping[str, object], name: str = "attributes") -> Mapping[str, object]:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise invalid_field(name, not_a_dictionary(found))
    return found


def _created(order: Order, caller: Caller) -> Row:
    """The consumer's own form of the answer, in which users are URLs."""
    fields = order.fields()
    user = f"{ROOT}users/{caller.uuid}/"
    return {
        **{name: fields.get(name) for name in _SHOWN},
        "project": f"{ROOT}projects/{order.text('project_uuid')}/",
        "created_by": user,
        "created_by_username": caller.username,
        "consumer_reviewed_by": user,
        "consumer_reviewed_by_username": caller.username,
    }
