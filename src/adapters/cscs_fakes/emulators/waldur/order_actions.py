"""What can be done to orders. Source: Waldur contract, section 4, and sample `order_action_errors`.

Each action checks in the server's order: the permission, then the state or the type of offering,
then the body. That order differs from one action to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cscs_fakes.emulators.waldur import order_machine as machine
from cscs_fakes.emulators.waldur.answers import (
    Answer,
    Crash,
    accepted,
    done,
    not_allowed,
    wrong_state,
)
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.offerings import AGENT_DRIVEN, BASIC, SUPPORT
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.permissions import (
    order_in_path,
    refuse_if_unavailable,
    require,
    require_consumer,
)
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.texts import backend_id_in

APPROVE: Final = "ORDER.APPROVE"
REJECT: Final = "ORDER.REJECT"

_BY_AGENTS: Final = frozenset({AGENT_DRIVEN})
_BY_ANYBODY: Final = frozenset({AGENT_DRIVEN, BASIC, SUPPORT})
_BY_PEOPLE: Final = frozenset({BASIC, SUPPORT})


def approve_by_provider(portal: Portal, call: Call) -> Answer:
    """Begin the work; [8.1] perhaps with other options than were asked for."""
    order = _order(portal, call, APPROVE)
    _require_state(order, "pending-provider")
    if not portal.is_old:
        _take_options(order, call.members())
    _review(portal, call, order)
    machine.approved_by_provider(portal, order)
    return accepted() if portal.is_old else Answer(body={"detail": "Order has been approved."})


def reject_by_provider(portal: Portal, call: Call) -> Answer:
    """Turn the order down; [8.1] with a comment."""
    order = _order(portal, call, REJECT)
    _require_state(order, "pending-provider")
    if not portal.is_old:
        comment = call.members().get("provider_rejection_comment")
        order.own["provider_rejection_comment"] = str(comment or "")
    _review(portal, call, order)
    machine.turn_down(portal, order, "rejected")
    return accepted()


def approve_by_consumer(portal: Portal, call: Call) -> Answer:
    """Pass the order on to the provider."""
    order = order_in_path(portal, call)
    require_consumer(call)
    _require_state(order, "pending-consumer")
    _review(portal, call, order, "consumer")
    machine.approved_by_consumer(portal, order)
    return accepted()


def reject_by_consumer(portal: Portal, call: Call) -> Answer:
    """Do not order it after all."""
    order = order_in_path(portal, call)
    require_consumer(call)
    _require_state(order, "pending-consumer")
    _review(portal, call, order, "consumer")
    machine.turn_down(portal, order, "rejected")
    return accepted()


def set_state_executing(portal: Portal, call: Call) -> Answer:
    """Begin the work without an approval, or begin it again."""
    order = _order(portal, call, APPROVE)
    _require_state(order, "pending-consumer", "pending-provider", "erred")
    _require_type(order, _BY_AGENTS)
    machine.set_executing(portal, order)
    return accepted()


def set_state_done(portal: Portal, call: Call) -> Answer:
    """The work is done."""
    order = _order(portal, call, APPROVE)
    _require_state(order, "executing")
    _require_type(order, _BY_ANYBODY)
    machine.finish(portal, order)
    return accepted()


def set_state_erred(portal: Portal, call: Call) -> Answer:
    """The work has failed: from every state, but not without both texts."""
    order = _order(portal, call, APPROVE)
    _require_type(order, _BY_AGENTS)
    body = call.data()
    if not isinstance(body, Mapping) or not body.keys() >= {"error_message", "error_traceback"}:
        raise Crash
    machine.fail(portal, order, str(body["error_message"]), str(body["error_traceback"]))
    return accepted()


def set_backend_id(portal: Portal, call: Call) -> Answer:
    """[8.1] The order's own id at the provider."""
    order = _order(portal, call, APPROVE)
    found = backend_id_in(call.members())
    if found == order.get("backend_id"):
        return done("Order backend_id is not changed.")
    order.own["backend_id"] = found
    portal.touch(order)
    return done("Order backend_id has been changed.")


def cancel(portal: Portal, call: Call) -> Answer:
    """Call the order back, where people do the work."""
    order = order_in_path(portal, call)
    _require_state(
        order,
        *("pending-consumer", "pending-provider", "pending-project", "pending-start-date"),
        "executing",
    )
    _require_type(order, _BY_PEOPLE)
    machine.turn_down(portal, order, "canceled")
    return accepted(202)


ACTIONS: Final[Mapping[str, Callable[[Portal, Call], Answer]]] = {
    "approve_by_provider": approve_by_provider,
    "reject_by_provider": reject_by_provider,
    "approve_by_consumer": approve_by_consumer,
    "reject_by_consumer": reject_by_consumer,
    "set_state_executing": set_state_executing,
    "set_state_done": set_state_done,
    "set_state_erred": set_state_erred,
    "cancel": cancel,
}
NEW_ACTIONS: Final[Mapping[str, Callable[[Portal, Call], Answer]]] = {
    "set_backend_id": set_backend_id,
}
"""Those of 8.1."""


def _order(portal: Portal, call: Call, permission: str) -> Order:
    order = order_in_path(portal, call)
    require(portal, call, permission)
    refuse_if_unavailable(portal, portal.offering_of(order))
    return order


def _require_state(order: Order, *valid: str) -> None:
    if order.state not in valid:
        raise wrong_state(valid)


def _require_type(order: Order, types: frozenset[str]) -> None:
    kind = order.text("offering_type")
    if kind not in types:
        raise not_allowed(f"The order's offering with {kind} type does not support this action")


def _review(portal: Portal, call: Call, order: Order, side: str = "provider") -> None:
    order.own[f"{side}_reviewed_by"] = call.caller.username
    order.own[f"{side}_reviewed_by_full_name"] = call.caller.full_name
    order.own[f"{side}_reviewed_at"] = portal.now


def _take_options(order: Order, body: Mapping[str, object]) -> None:
    asked, known = body.get("attributes"), order.get("attributes")
    options = asked.get("new_options") if isinstance(asked, dict) else None
    if isinstance(options, dict):
        base = known if isinstance(known, dict) else {}
        order.own["attributes"] = {**base, "new_options": options}
