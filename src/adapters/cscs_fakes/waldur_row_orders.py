"""Orders as they stand inside resource rows, complete with everything the server repeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cscs_fakes.waldur_row_catalogue import API, shared_fields
from cscs_fakes.waldur_row_content import Situation, json_number, other_options
from cscs_fakes.waldur_row_places import Place


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one resource that its row and its orders both tell."""

    uuid: str
    slug: str
    name: str
    place: Place
    size: Decimal
    attributes: dict[str, object]
    options: dict[str, object] | None
    created: datetime
    modified: datetime
    person: str


def waldur_time(moment: datetime) -> str:
    """A UTC time in the server's form, such as `2026-11-20T23:52:41.450125Z`."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def creation_order(facts: Facts, uuid: str, state: str) -> dict[str, object]:
    """The order that brought the resource about, in the given state."""
    limits: dict[str, object] = {"storage": json_number(facts.size)}
    asked = _Asked("Create", state, None, limits, dict(facts.attributes))
    return _order(facts, uuid, asked, facts.created)


def change_order(facts: Facts, uuid: str, situation: Situation) -> dict[str, object]:
    """The Update or Terminate order that the situation tells of."""
    kind, state = situation.order_type or "", situation.order_state
    asked = _Asked(kind, state, situation.subtype, {}, {})
    if situation.subtype == "update_limits":
        grown: dict[str, object] = {"storage": json_number(facts.size * 2)}
        old = {"old_limits": {"storage": json_number(facts.size)}}
        asked = _Asked(kind, state, situation.subtype, grown, dict(old))
    if situation.subtype == "update_options":
        changes = {"old_options": facts.options or {}, "new_options": other_options(facts.size)}
        asked = _Asked(kind, state, situation.subtype, {}, dict(changes))
    return _order(facts, uuid, asked, facts.modified)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an order wants, and how far it is."""

    type: str
    state: str
    subtype: str | None
    limits: dict[str, object]
    attributes: dict[str, object]


def _order(facts: Facts, uuid: str, asked: _Asked, created: datetime) -> dict[str, object]:
    return (
        shared_fields(facts.place.offering)
        | _own_fields(facts, uuid, asked, created)
        | _review_fields(facts, asked, created)
        | _place_fields(facts.place)
        | _cost_fields(facts.place)
    )


def _own_fields(facts: Facts, uuid: str, asked: _Asked, created: datetime) -> dict[str, object]:
    return {
        "url": f"{API}marketplace-orders/{uuid}/",
        "uuid": uuid,
        "type": asked.type,
        "state": asked.state,
        "order_subtype": asked.subtype,
        "limits": asked.limits,
        "attributes": asked.attributes,
        "created": waldur_time(created),
        "modified": waldur_time(created + timedelta(minutes=7)),
        "marketplace_resource_uuid": facts.uuid,
        "resource_uuid": None,
        "resource_type": None,
        "resource_name": facts.name,
        "output": "",
        "backend_id": "",
        "error_message": "File system refused the quota." if asked.state == "erred" else "",
        "callback_url": None,
        "issue": None,
        "termination_comment": None,
    }


def _review_fields(facts: Facts, asked: _Asked, created: datetime) -> dict[str, object]:
    """Who looked at the order and when. Keys about a consumer's review come with the review."""
    by_whom: dict[str, object] = {
        "created_by_full_name": facts.person,
        "created_by_civil_number": None,
        "consumer_reviewed_at": None,
        "provider_reviewed_at": None,
    }
    if asked.state != "pending-consumer":
        by_whom["consumer_reviewed_by"] = facts.place.project.customer.slug
        by_whom["consumer_reviewed_by_full_name"] = facts.person
        by_whom["consumer_reviewed_at"] = waldur_time(created + timedelta(minutes=2))
    if not asked.state.startswith("pending-"):
        by_whom["provider_reviewed_at"] = waldur_time(created + timedelta(minutes=5))
    return by_whom


def _place_fields(place: Place) -> dict[str, object]:
    return {
        "customer_name": place.project.customer.name,
        "customer_uuid": place.project.customer.uuid,
        "customer_slug": place.project.customer.slug,
        "project_name": place.project.name,
        "project_uuid": place.project.uuid,
        "project_description": f"Allocation of {place.project.customer.name}",
        "project_slug": place.project.slug,
    }


def _cost_fields(place: Place) -> dict[str, object]:
    return {
        "cost": None,
        "new_plan_name": "Default",
        "new_plan_uuid": place.offering.plan_uuid,
        "old_cost_estimate": None,
        "new_cost_estimate": None,
        "can_terminate": False,
        "fixed_price": 0,
        "activation_price": 0,
    }
