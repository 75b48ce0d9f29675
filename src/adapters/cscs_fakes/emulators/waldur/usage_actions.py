"""How usage is reported. Source: Waldur contract, section 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

import attrs

from cscs_fakes.emulators.waldur.amounts import amount_of
from cscs_fakes.emulators.waldur.answers import Answer, accepted, invalid, invalid_field
from cscs_fakes.emulators.waldur.calls import Call, not_a_dictionary
from cscs_fakes.emulators.waldur.periods import resource_of_period
from cscs_fakes.emulators.waldur.permissions import refuse_if_unavailable, require
from cscs_fakes.emulators.waldur.records import Row, hex_of
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.texts import NO_BLANK, NO_NULL, NO_TEXT, REQUIRED
from cscs_fakes.emulators.waldur.usage_records import month_of, set_current_usages, store_usage
from cscs_fakes.waldur_row_orders import waldur_time

SET_USAGE: Final = "RESOURCE.SET_USAGE"

Errors: TypeAlias = dict[str, object]

_REPORTS: Final = frozenset({"OK", "Updating", "Terminating"})
_OPTIONAL: Final = ("description", "recurring")
_NEW_OPTIONAL: Final = ("description", "recurring", "missing_usage_policy")
_BAD_TIME: Final = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
_FUTURE: Final = "Cannot submit usage for future dates."
_TOO_LATE: Final = (
    "Service providers can only specify date for limit-based or prepaid billing components when "
    "backfilling past billing periods."
)


@attrs.frozen
class Item:
    """The usage of one component."""

    type: str
    amount: Decimal
    optional: Row


def set_usage(portal: Portal, call: Call) -> Answer:
    """Totals of a month, all of them or none."""
    body, errors = call.members(), Errors()
    items = _items(portal, body, errors)
    resource = _resource(portal, body, errors)
    moment = date_of(portal, body, errors)
    if errors:
        raise invalid(errors)
    if resource is None:
        sentence = "Either plan_period or resource should be provided."
        raise invalid_field("non_field_errors", sentence)
    _refuse_state(portal, resource)
    _refuse_types(portal, resource, [item.type for item in items])
    require(portal, call, SET_USAGE)
    refuse_if_unavailable(portal, portal.offering_of(resource))
    refuse_past(portal, call, resource, [item.type for item in items], moment)
    _store(portal, call, resource, items, moment)
    return accepted(201)


def date_of(portal: Portal, body: Mapping[str, object], errors: Errors) -> str:
    """The time that the usage belongs to; [5.8] knows no other than now."""
    given = None if portal.is_old else body.get("date")
    if given is None:
        return portal.now
    try:
        moment = _moment(given)
    except ValueError:
        errors["date"] = [_BAD_TIME]
        return portal.now
    if moment > portal.clock():
        errors["date"] = [_FUTURE]
    return waldur_time(moment.astimezone(UTC))


def refuse_past(
    portal: Portal, call: Call, resource: Resource, types: Sequence[str], moment: str
) -> None:
    """[8.1] What is invoiced may be changed as long as the month's invoice is open."""
    period = month_of(moment)
    if call.caller.is_staff or period == month_of(portal.now):
        return
    invoiced = portal.offering_of(resource).types("usage") & set(types)
    is_open = (resource.text("customer_uuid"), period) in portal.open_invoices
    if invoiced and not is_open:
        raise invalid_field("date", _TOO_LATE)


def _moment(given: object) -> datetime:
    found = datetime.fromisoformat(str(given))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _items(portal: Portal, body: Mapping[str, object], errors: Errors) -> list[Item]:
    given = body.get("usages")
    if "usages" not in body:
        errors["usages"] = [REQUIRED]
    elif not isinstance(given, list):
        sentence = f'Expected a list of items but got type "{type(given).__name__}".'
        errors["usages"] = {"non_field_errors": [sentence]}
    else:
        bad = [_errors_of(item) for item in given]
        if not any(bad):
            names = _OPTIONAL if portal.is_old else _NEW_OPTIONAL
            return [_item(item, names) for item in given]
        errors["usages"] = bad
    return []


def _errors_of(item: object) -> Errors:
    if not isinstance(item, dict):
        return {"non_field_errors": [not_a_dictionary(item)]}
    errors = Errors()
    if (wrong := _wrong_type(item)) is not None:
        errors["type"] = [wrong]
    if "amount" not in item:
        errors["amount"] = [REQUIRED]
    else:
        try:
            amount_of(item["amount"])
        except ValueError as error:
            errors["amount"] = [str(error)]
    return errors


def _wrong_type(item: Mapping[str, object]) -> str | None:
    if "type" not in item:
        return REQUIRED
    if item["type"] is None:
        return NO_NULL
    if not isinstance(item["type"], str):
        return NO_TEXT
    return None if item["type"].strip() else NO_BLANK


def _item(item: Mapping[str, object], names: Sequence[str]) -> Item:
    optional = {name: item[name] for name in names if name in item}
    return Item(str(item["type"]).strip(), amount_of(item["amount"]), optional)


def _resource(portal: Portal, body: Mapping[str, object], errors: Errors) -> Resource | None:
    found = None
    if "resource" in body:
        found = portal.resources.get(hex_of(body["resource"]))
        _note_missing("resource", body["resource"], found, errors)
    if "plan_period" in body:
        period = resource_of_period(portal, hex_of(body["plan_period"]))
        _note_missing("plan_period", body["plan_period"], period, errors)
        found = found or period
    return found


def _note_missing(name: str, uuid: object, found: Resource | None, errors: Errors) -> None:
    if found is None:
        missing = f"Object with uuid={uuid} does not exist."
        errors[name] = [NO_NULL if uuid is None else missing]


def _refuse_state(portal: Portal, resource: Resource) -> None:
    if resource.state not in _REPORTS:
        raise invalid_field("resource", "Resource is not in valid state.")
    if not portal.is_old and not resource.get("plan_uuid"):
        raise invalid_field("resource", "Resource does not have a plan.")


def _refuse_types(portal: Portal, resource: Resource, types: Sequence[str]) -> None:
    kinds = ("usage", "limit") if portal.is_old else ("usage", "limit", "one")
    unknown = set(types) - portal.offering_of(resource).types(*kinds)
    if unknown:
        sentence = f"These components are invalid: {', '.join(sorted(unknown))}."
        raise invalid_field("non_field_errors", sentence)


def _store(
    portal: Portal, call: Call, resource: Resource, items: Sequence[Item], moment: str
) -> None:
    for item in items:
        store_usage(
            portal,
            resource,
            item.type,
            amount=item.amount,
            moment=moment,
            by=call.caller,
            optional=item.optional,
        )
    if month_of(moment) == month_of(portal.now):
        set_current_usages(portal, resource, {item.type: item.amount for item in items})
