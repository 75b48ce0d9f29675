"""Who may do what. Source: Waldur contract, sections 1 and 5."""

from __future__ import annotations

from cscs_fakes.emulators.waldur.answers import forbidden, invalid, not_found
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.offerings import Offering
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.records import hex_of
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal


def require(portal: Portal, call: Call, permission: str) -> None:
    """Refuse those who lack a permission of providers: 403."""
    if call.caller.is_staff:
        return
    if not call.caller.is_provider or permission in portal.denied:
        raise forbidden()


def require_staff(call: Call) -> None:
    """Refuse everybody else: 403."""
    if not call.caller.is_staff:
        raise forbidden()


def provided_resource(portal: Portal, call: Call) -> Resource:
    """The resource in the path, for its provider. Others do not see it: 404."""
    found = portal.resources.get(hex_of(call.uuid))
    if found is None or not call.caller.is_provider:
        raise not_found("Resource")
    return found


def consumed_resource(portal: Portal, call: Call) -> Resource:
    """The resource in the path, for its consumer; [8.1] for its provider too."""
    found = portal.resources.get(hex_of(call.uuid))
    if found is None or not sees_consumed(portal, call):
        raise not_found("Resource")
    return found


def sees_consumed(portal: Portal, call: Call) -> bool:
    """Whether the consumers' view of resources shows anything."""
    return call.caller.is_consumer or not portal.is_old


def order_in_path(portal: Portal, call: Call) -> Order:
    """The order in the path: 404 if there is none."""
    found = portal.orders.get(hex_of(call.uuid))
    if found is None:
        raise not_found("Order")
    return found


def refuse_if_unavailable(portal: Portal, offering: Offering) -> None:
    """[8.1] An offering that is not available lets nothing of its own be changed."""
    if not portal.is_old and offering.fields["state"] == "Unavailable":
        raise invalid(["Offering is unavailable."])


def require_consumer(call: Call) -> None:
    """Refuse those who order nothing: 403."""
    if not call.caller.is_consumer:
        raise forbidden()
