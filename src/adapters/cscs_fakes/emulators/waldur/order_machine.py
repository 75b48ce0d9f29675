"""What orders do to themselves and to their resources.

Source: spec 004, section 8.6, and Waldur contract, section 4. Which action is allowed when is said
elsewhere: these functions change, whoever calls them has asked before.
"""

from __future__ import annotations

from typing import Final

from cscs_fakes.emulators.waldur.offerings import BASIC, limits_of
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.state import Portal

_AT_WORK: Final = {
    "Create": "Creating",
    "Update": "Updating",
    "Terminate": "Terminating",
    "Restore": "Creating",
}


def approved_by_consumer(portal: Portal, order: Order) -> None:
    """A consumer agrees: the provider's turn, unless the project has not begun."""
    later = order.project_starts is not None and order.project_starts > portal.clock()
    _set(portal, order, "pending-project" if later else "pending-provider")
    if later:
        portal.fall_asleep(order)


def approved_by_provider(portal: Portal, order: Order) -> None:
    """The provider agrees: the work begins, unless it is to begin later ([8.1])."""
    if not portal.is_old and order.starts is not None and order.starts > portal.clock():
        _set(portal, order, "pending-start-date")
        portal.fall_asleep(order)
    else:
        process(portal, order)


def wake(portal: Portal) -> None:
    """Let the orders go on whose day has come."""
    for order in list(portal.sleepers()):
        day = order.project_starts if order.state == "pending-project" else order.starts
        if day is not None and day <= portal.clock():
            if order.state == "pending-project":
                _set(portal, order, "pending-provider")
            else:
                process(portal, order)


def process(portal: Portal, order: Order) -> None:
    """Begin the work. Where nobody outside does it, it is done at once."""
    set_executing(portal, order)
    order.resource.state = _AT_WORK.get(order.type, order.resource.state)
    if order.failure is not None:
        fail(portal, order, order.failure, "")
    elif order.text("offering_type") == BASIC:
        _copy_options(portal, order)
        finish(portal, order)
    order.resource.look_again()


def set_executing(portal: Portal, order: Order) -> None:
    """The order is being worked on; the resource stays as it is."""
    _set(portal, order, "executing")


def finish(portal: Portal, order: Order) -> None:
    """The work is done."""
    resource = order.resource
    resource.state = "Terminated" if order.type == "Terminate" else "OK"
    if order.type == "Update":
        _take_over(order)
    _set(portal, order, "done")


def fail(portal: Portal, order: Order, message: str, traceback: str) -> None:
    """The work has failed. Only an order in execution becomes `erred`; the resource always pays."""
    order.own["error_message"] = message
    order.own["error_traceback"] = traceback
    order.resource.state = _state_after_failure(portal, order)
    _set(portal, order, "erred" if order.state == "executing" else order.state)


def turn_down(portal: Portal, order: Order, state: str) -> None:
    """Nobody will do the work: `rejected` or `canceled`; what was never made is gone."""
    resource = order.resource
    if order.type == "Create":
        resource.state = "Terminated"
    elif order.state == "executing":
        resource.state = "OK"
    _set(portal, order, state)


def _state_after_failure(portal: Portal, order: Order) -> str:
    if portal.is_old:
        return "Erred"
    if order.type == "Terminate":
        return "OK"
    never_made = order.type == "Create" and not order.resource.text("backend_id")
    return "Terminated" if never_made else "Erred"


def _take_over(order: Order) -> None:
    """Limits and options of an update become those of the resource."""
    own, attributes = order.resource.own, order.get("attributes")
    if limits_of(order):
        own["limits"] = order.get("limits")
    changes = attributes.get("new_options") if isinstance(attributes, dict) else None
    if isinstance(changes, dict):
        options = own.get("options")
        own["options"] = {**(options if isinstance(options, dict) else {}), **changes}


def _copy_options(portal: Portal, order: Order) -> None:
    """What the form of a new resource says about declared options becomes its options."""
    attributes = order.get("attributes")
    if order.type == "Create" and isinstance(attributes, dict):
        names = portal.offering_of(order.resource).option_names
        options = {name: value for name, value in attributes.items() if name in names}
        order.resource.own["options"] = options


def _set(portal: Portal, order: Order, state: str) -> None:
    order.own["state"] = state
    order.resource.look_again()
    portal.touch(order, order.resource)
