"""The period in which a resource has its plan; there is one, since plans do not change here.

Source: Waldur contract, section 5.
"""

from __future__ import annotations

from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.permissions import provided_resource
from cscs_fakes.emulators.waldur.records import Row
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.usage_records import month_of
from cscs_fakes.waldur_row_catalogue import stable_uuid

_SHOWN: Final = frozenset(
    {
        *("uuid", "created", "description", "type", "name", "measured_unit", "usage", "date"),
        "recurring",
    }
)


def list_plan_periods(portal: Portal, call: Call) -> Answer:
    """The current period, with what was reported this month."""
    resource = provided_resource(portal, call)
    reported = [
        {name: value for name, value in usage.own.items() if name in _SHOWN}
        for usage in portal.usages
        if usage.own["resource_uuid"] == resource.uuid
        and usage.own["billing_period"] == month_of(portal.now)
    ]
    return Answer(body=[{**_period(portal, resource), "components": reported}])


def resource_of_period(portal: Portal, uuid: str | None) -> Resource | None:
    """The resource whose period this is."""
    return next((each for each in portal.resources if _uuid(portal, each) == uuid), None)


def _period(portal: Portal, resource: Resource) -> Row:
    known = portal.facts.plan_periods.get(resource.uuid, {})
    return {
        "uuid": _uuid(portal, resource),
        "plan_name": resource.get("plan_name"),
        "plan_uuid": resource.get("plan_uuid"),
        "start": known.get("start", resource.get("created")),
        "end": None,
    }


def _uuid(portal: Portal, resource: Resource) -> str:
    made = stable_uuid("plan-periods", resource.uuid)
    return portal.facts.plan_periods.get(resource.uuid, {}).get("uuid", made)
