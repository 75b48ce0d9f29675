"""How the usage of single users is reported. Source: Waldur contract, section 8."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from cscs_fakes.emulators.waldur.amounts import amount_of, amount_text
from cscs_fakes.emulators.waldur.answers import Answer, Crash, accepted, invalid, not_found
from cscs_fakes.emulators.waldur.calls import Call, not_a_dictionary
from cscs_fakes.emulators.waldur.permissions import require
from cscs_fakes.emulators.waldur.records import ROOT, Record, hex_of
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.texts import NO_BLANK, NO_NULL, NO_TEXT, REQUIRED
from cscs_fakes.emulators.waldur.usage_actions import SET_USAGE, Errors, date_of
from cscs_fakes.emulators.waldur.usage_records import (
    month_of,
    store_usage,
    store_user_usage,
    usage_of,
    user_usage_of,
)

_NO_MATCH: Final = "Invalid hyperlink - No URL match."
_NO_OBJECT: Final = "Invalid hyperlink - Object does not exist."


@attrs.frozen
class Part:
    """What one user has used; without an amount there is none yet."""

    username: str
    amount: Decimal | None
    user: str | None
    moment: str


def set_user_usage(portal: Portal, call: Call) -> Answer:
    """The part of one user."""
    usage = _usage(portal, call)
    errors = Errors()
    part = _part(portal, call.members(), errors)
    if errors:
        raise invalid(errors)
    _refuse_silence(portal, usage, part)
    _store(portal, call, usage, part)
    return accepted(201)


def set_user_usages(portal: Portal, call: Call) -> Answer:
    """[8.1] The parts of many users, all of them or none."""
    usage = _usage(portal, call)
    given = call.members().get("usages")
    if not isinstance(given, list) or not given:
        raise invalid({"usages": [REQUIRED if given is None else "This list may not be empty."]})
    errors = [Errors() for _ in given]
    parts = [
        _part(portal, item, bad) if isinstance(item, dict) else _no_part(item, bad)
        for item, bad in zip(given, errors, strict=True)
    ]
    if any(errors):
        raise invalid({"usages": errors})
    for part in parts:
        _refuse_silence(portal, usage, part)
    for part in parts:
        _store(portal, call, usage, part)
    return accepted(201)


def _usage(portal: Portal, call: Call) -> Record:
    usage = portal.usages.by_uuid(hex_of(call.uuid))
    if usage is None:
        raise not_found("ComponentUsage")
    require(portal, call, SET_USAGE)
    return usage


def _part(portal: Portal, body: Mapping[str, object], errors: Errors) -> Part:
    username, amount = _username(body, errors), None
    if "usage" in body:
        try:
            amount = amount_of(body["usage"])
        except ValueError as error:
            errors["usage"] = [str(error)]
    user = _user(portal, body.get("user"), errors)
    return Part(username, amount, user, date_of(portal, body, errors) if "date" in body else "")


def _no_part(item: object, errors: Errors) -> Part:
    errors["non_field_errors"] = [not_a_dictionary(item)]
    return Part("", None, None, "")


def _username(body: Mapping[str, object], errors: Errors) -> str:
    value = body.get("username")
    if "username" not in body:
        errors["username"] = [REQUIRED]
    elif value is None:
        errors["username"] = [NO_NULL]
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        errors["username"] = [NO_TEXT]
    elif not str(value).strip():
        errors["username"] = [NO_BLANK]
    return str(value).strip()


def _user(portal: Portal, url: object, errors: Errors) -> str | None:
    """The URL of an account, under `ROOT`."""
    if url is None:
        return None
    _, found, rest = str(url).partition("/marketplace-offering-users/")
    uuid = hex_of(rest.rstrip("/"))
    if not found:
        errors["user"] = [_NO_MATCH]
    elif portal.offering_users.get(uuid) is None:
        errors["user"] = [_NO_OBJECT]
    return f"{ROOT}marketplace-offering-users/{uuid}/"


def _refuse_silence(portal: Portal, usage: Record, part: Part) -> None:
    """Waldur stumbles over a record that is there and gets no amount."""
    if part.amount is None and user_usage_of(portal, usage, part.username) is not None:
        raise Crash


def _store(portal: Portal, call: Call, usage: Record, part: Part) -> None:
    target = _of_month(portal, call, usage, part.moment)
    store_user_usage(portal, target, part.username, part.amount or Decimal(0), part.user)
    if not portal.is_old:
        _fill_total(portal, target)


def _of_month(portal: Portal, call: Call, usage: Record, moment: str) -> Record:
    """[8.1] The record of the month of the date, which is made if there is none."""
    if portal.is_old or not moment or month_of(moment) == usage.own["billing_period"]:
        return usage
    resource, kind = _resource(portal, usage), str(usage.own["type"])
    found = usage_of(portal, resource, kind, month_of(moment))
    if found is not None:
        return found
    return store_usage(portal, resource, kind, amount=Decimal(0), moment=moment, by=call.caller)


def _fill_total(portal: Portal, usage: Record) -> None:
    """[8.1] A total of zero becomes the sum of its users."""
    if Decimal(str(usage.own["usage"])) == 0:
        parts = [
            Decimal(str(row.own["usage"]))
            for row in portal.user_usages.of_resource(usage.text("resource_uuid"))
            if str(row.own["component_usage"]).endswith(f"/{usage.own['uuid']}/")
        ]
        usage.own["usage"] = amount_text(sum(parts, Decimal(0)))
        portal.usages.changed(usage)


def _resource(portal: Portal, usage: Record) -> Resource:
    return portal.resource(str(usage.own["resource_uuid"]))
