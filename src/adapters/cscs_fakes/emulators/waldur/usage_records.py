"""Records of usage by month, and of its users. Source: Waldur contract, sections 7 and 8."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cscs_fakes.emulators.waldur.amounts import amount_text
from cscs_fakes.emulators.waldur.auth import Caller
from cscs_fakes.emulators.waldur.records import NOTHING, ROOT, Record, Row
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal


def month_of(moment: str) -> str:
    """The first day of the month of a time in UTC."""
    return f"{moment[:7]}-01"


def usage_of(portal: Portal, resource: Resource, kind: str, period: str) -> Record | None:
    """The record of a component in a month, under the plan that the resource has now."""
    return portal.usages.get(_usage_key(resource, kind, period))


def begin_plan(portal: Portal, resource: Resource, period: str) -> None:
    """[8.1] A new plan begins: what is recorded of this month belongs to earlier ones now."""
    records = portal.usages.of_resource(resource.uuid)
    for record in [each for each in records if each.own["billing_period"] == period]:
        key = _usage_key(resource, record.text("type"), period)
        if portal.usages.get(key) is record:
            portal.usages.rename(key, f"{key}/{record.own['uuid']}")


def store_usage(
    portal: Portal,
    resource: Resource,
    kind: str,
    *,
    amount: Decimal,
    moment: str,
    by: Caller,
    optional: Row = NOTHING,
) -> Record:
    """Set the total of a component in the month of a moment.

    What earlier plans hold stays theirs; the present one gets the rest, never below 0.
    """
    period = month_of(moment)
    record = usage_of(portal, resource, kind, period)
    if record is None:
        record = Record(NOTHING, NOTHING, _new_usage(portal, resource, kind, period))
        portal.usages.add(_usage_key(resource, kind, period), record)
    held = _held_besides(portal, resource, record)
    record.own |= {
        "usage": amount_text(max(amount - sum(held), Decimal(0)) if held else amount),
        "date": moment,
        "modified_by": by.number,
        **optional,
    }
    portal.usages.changed(record)
    return record


def user_usage_of(portal: Portal, usage: Record, username: str) -> Record | None:
    """The part of a user in a record."""
    return portal.user_usages.get(f"{usage.own['uuid']}/{username}")


def store_user_usage(
    portal: Portal, usage: Record, username: str, amount: Decimal, user: str | None
) -> None:
    """Set a user's part. To whom it is linked is settled by the first one that is sent."""
    record = user_usage_of(portal, usage, username)
    if record is None:
        record = Record(NOTHING, NOTHING, _new_user_usage(portal, usage, username, user))
        portal.user_usages.add(f"{usage.own['uuid']}/{username}", record)
    record.own |= {"usage": amount_text(amount), "modified": portal.now}
    portal.user_usages.changed(record)


def set_current_usages(portal: Portal, resource: Resource, amounts: Mapping[str, Decimal]) -> None:
    """What the resource shows of this month: in 5.8 just what was sent last."""
    before = resource.get("current_usages")
    kept = before if isinstance(before, dict) and not portal.is_old else {}
    current = {**kept, **{kind: amount_text(amount) for kind, amount in amounts.items()}}
    limited = sorted(portal.offering_of(resource).types("limit"))
    resource.own["current_usages"] = current
    resource.own["limit_usage"] = {kind: current.get(kind) for kind in limited}
    portal.resources.changed()


def _held_besides(portal: Portal, resource: Resource, record: Record) -> list[Decimal]:
    """What other records of the same component and month hold."""
    same = (record.own["type"], record.own["billing_period"])
    return [
        Decimal(str(each.own["usage"]))
        for each in portal.usages.of_resource(resource.uuid)
        if each is not record and (each.own["type"], each.own["billing_period"]) == same
    ]


def _usage_key(resource: Resource, kind: str, period: str) -> str:
    return f"{resource.uuid}/{kind}/{period}"


_COPIED = (
    *("offering_name", "offering_uuid", "project_name", "project_uuid"),
    *("customer_name", "customer_uuid"),
)


def _new_usage(portal: Portal, resource: Resource, kind: str, period: str) -> dict[str, object]:
    components = portal.offering_of(resource).components
    component = next(each for each in components if each["type"] == kind)
    row: dict[str, object] = {
        "uuid": portal.new_uuid(),
        "created": portal.now,
        "description": "",
        "type": kind,
        "name": component["name"],
        "measured_unit": component["measured_unit"],
        "recurring": False,
        "resource_name": resource.get("name"),
        "resource_uuid": resource.uuid,
        **{name: resource.get(name) for name in _COPIED},
        "billing_period": period,
    }
    return row if portal.is_old else {**row, "missing_usage_policy": "none"}


def _new_user_usage(
    portal: Portal, usage: Record, username: str, user: str | None
) -> dict[str, object]:
    of_usage = ("resource_name", "resource_uuid", *_COPIED, "measured_unit", "date")
    row: dict[str, object] = {
        "uuid": portal.new_uuid(),
        "user": user,
        "username": username,
        "component_usage": f"{ROOT}marketplace-component-usages/{usage.own['uuid']}/",
        "description": "",
        "created": portal.now,
        "backend_id": "",
        **{name: usage.own[name] for name in of_usage},
        "component_type": usage.own["type"],
        "_billing_period": usage.own["billing_period"],
    }
    return row if portal.is_old else {**row, "billing_period": usage.own["billing_period"]}
