"""What providers do to resources. Source: Waldur contract, section 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cscs_fakes.emulators.waldur.answers import (
    Answer,
    accepted,
    done,
    invalid,
    invalid_field,
    wrong_state,
)
from cscs_fakes.emulators.waldur.calls import Call, not_a_dictionary
from cscs_fakes.emulators.waldur.permissions import (
    provided_resource,
    refuse_if_unavailable,
    require,
    require_staff,
)
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.texts import REQUIRED, backend_id_in

SET_BACKEND_ID: Final = "RESOURCE.SET_BACKEND_ID"
SET_BACKEND_METADATA: Final = "RESOURCE.SET_BACKEND_METADATA"
SUBMIT_REPORT: Final = "RESOURCE.SUBMIT_REPORT"
SET_STATE: Final = "RESOURCE.SET_STATE"
UPDATE_OPTIONS: Final = "RESOURCE.UPDATE_OPTIONS"
SET_LIMITS: Final = "RESOURCE.SET_LIMITS"

_MAY_BECOME_OK: Final = ("Erred", "Creating", "Updating", "Terminating")


def set_backend_id(portal: Portal, call: Call) -> Answer:
    """The resource's id at the provider, in every state; two resources may have the same one."""
    resource = _resource(portal, call, SET_BACKEND_ID)
    found = backend_id_in(call.members())
    if found == resource.get("backend_id"):
        return done("Resource backend_id is not changed.")
    _change(portal, resource, backend_id=found)
    return done("Resource backend_id has been changed.")


def set_backend_metadata(portal: Portal, call: Call) -> Answer:
    """Any JSON, in place of what was there."""
    resource = _resource(portal, call, SET_BACKEND_METADATA)
    _change(portal, resource, backend_metadata=_member(call, "backend_metadata"))
    return done("The backend metadata is updated")


def submit_report(portal: Portal, call: Call) -> Answer:
    """Sections with a header and a body, in place of what was there."""
    resource = _resource(portal, call, SUBMIT_REPORT)
    sections = _member(call, "report")
    if not isinstance(sections, list) or not sections:
        raise invalid_field("report", "Report object should contain at least one section.")
    errors = [_errors_of_section(section) for section in sections]
    if any(errors):
        raise invalid({"report": errors})
    _change(portal, resource, report=sections)
    return done("Report is submitted")


def set_state_ok(portal: Portal, call: Call) -> Answer:
    """[8.1] The resource is well; its order stays as it is."""
    resource = _resource(portal, call, SET_STATE)
    if resource.state not in _MAY_BECOME_OK:
        raise wrong_state(_MAY_BECOME_OK)
    _set_state(portal, resource, "OK")
    return accepted()


def set_as_ok(portal: Portal, call: Call) -> Answer:
    """[8.1] The resource is well, and what was wrong is forgotten."""
    resource = _resource(portal, call, SET_STATE)
    if resource.state != "OK":
        _set_state(portal, resource, "OK")
        _change(portal, resource, error_message="", error_traceback="")
    return accepted()


def set_as_erred(portal: Portal, call: Call) -> Answer:
    """Something is wrong; [5.8] only staff may say so."""
    resource = _resource(portal, call, SET_STATE)
    if portal.is_old:
        require_staff(call)
    body = call.members()
    texts = {name: str(body.get(name) or "") for name in ("error_message", "error_traceback")}
    _set_state(portal, resource, "Erred")
    _change(portal, resource, **texts)
    return accepted()


def update_options_direct(portal: Portal, call: Call) -> Answer:
    """[8.1] Other options, without an order, in place of those that were there."""
    resource = _resource(portal, call, UPDATE_OPTIONS)
    options = _object(call, "options")
    unknown = options.keys() - portal.offering_of(resource).option_names
    if unknown:
        raise invalid({"options": [f"Unknown options: {', '.join(sorted(unknown))}."]})
    _change(portal, resource, options=dict(options))
    return accepted()


def set_limits(portal: Portal, call: Call) -> Answer:
    """[8.1] Other limits, without an order, in place of those that were there."""
    resource = _resource(portal, call, SET_LIMITS)
    limits = _object(call, "limits")
    known = {component["type"] for component in portal.offering_of(resource).components}
    unknown = limits.keys() - known
    if unknown:
        raise invalid({"limits": [f"Unknown components: {', '.join(sorted(unknown))}."]})
    _change(portal, resource, limits=dict(limits))
    return accepted()


def refresh_last_sync(portal: Portal, call: Call) -> Answer:
    """[8.1] Somebody has just looked after the resource."""
    resource = _resource(portal, call, SET_STATE)
    _change(portal, resource, last_sync=portal.now)
    return accepted()


ACTIONS: Final[Mapping[str, Callable[[Portal, Call], Answer]]] = {
    "set_backend_id": set_backend_id,
    "set_backend_metadata": set_backend_metadata,
    "submit_report": submit_report,
    "set_as_erred": set_as_erred,
}
NEW_ACTIONS: Final[Mapping[str, Callable[[Portal, Call], Answer]]] = {
    "set_state_ok": set_state_ok,
    "set_as_ok": set_as_ok,
    "update_options_direct": update_options_direct,
    "set_limits": set_limits,
    "refresh_last_sync": refresh_last_sync,
}
"""Those of 8.1."""


def _resource(portal: Portal, call: Call, permission: str) -> Resource:
    resource = provided_resource(portal, call)
    require(portal, call, permission)
    refuse_if_unavailable(portal, portal.offering_of(resource))
    return resource


def _change(portal: Portal, resource: Resource, **members: object) -> None:
    resource.own.update(members)
    portal.touch(resource)


def _set_state(portal: Portal, resource: Resource, state: str) -> None:
    resource.state = state
    resource.look_again()
    portal.touch(resource)


def _member(call: Call, name: str) -> object:
    body = call.members()
    if name not in body:
        raise invalid_field(name, REQUIRED)
    return body[name]


def _object(call: Call, name: str) -> Mapping[str, object]:
    found = _member(call, name)
    if not isinstance(found, dict):
        raise invalid({name: {"non_field_errors": [not_a_dictionary(found)]}})
    return found


def _errors_of_section(section: object) -> dict[str, list[str]]:
    if not isinstance(section, dict):
        return {"non_field_errors": [not_a_dictionary(section)]}
    return {name: [REQUIRED] for name in ("header", "body") if name not in section}
