"""Offerings and those who use them. Source: Waldur contract, section 6."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer, forbidden, not_found
from cscs_fakes.emulators.waldur.calls import Call, Query
from cscs_fakes.emulators.waldur.filters import Filters, choice, contains, exact, tested, uuid
from cscs_fakes.emulators.waldur.lists import list_of, plain, plain_list
from cscs_fakes.emulators.waldur.offerings import Offering, limits_of, plan_of
from cscs_fakes.emulators.waldur.places import Customer
from cscs_fakes.emulators.waldur.records import NOTHING, ROOT, Record, Row, hex_of
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.selection import picked
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.waldur_row_catalogue import stable_uuid

_STATES: Final = ("Draft", "Active", "Paused", "Archived")
_ORDERINGS: Final = frozenset({"name", "created", "type", "state"})

_FILTERS: Final[Filters] = {
    "state": choice("state", _STATES),
    "type": exact("type"),
    "customer_uuid": uuid("customer_uuid"),
    "name": contains("name"),
    "name_exact": exact("name"),
}
_NEW_FILTERS: Final[Filters] = {
    **_FILTERS,
    "state": choice("state", (*_STATES, "Unavailable")),
    "slug": exact("slug"),
}
_CUSTOMER_FILTERS: Final[Filters] = {
    "customer_uuid": uuid("uuid"),
    "name": contains("name"),
    "name_exact": exact("name"),
}


def list_offerings(portal: Portal, call: Call) -> Answer:
    """The offerings of the caller's organisations, by name."""
    filters = _FILTERS if portal.is_old else _NEW_FILTERS
    mine = portal.offerings.values() if call.caller.is_provider else ()
    rows = [offering.fields for offering in sorted(mine, key=_name)]
    found = _filtered(rows, call.query, filters)
    return list_of(call, found, lambda row: picked(_row(portal, row), call.names))


def show_offering(portal: Portal, call: Call) -> Answer:
    """One offering."""
    return plain(call, _row(portal, _offering(portal, call).fields))


def list_customers_of_offering(portal: Portal, call: Call) -> Answer:
    """Everybody who has a resource of the offering, whatever its state."""
    offering = _offering(portal, call)
    users = {resource.text("customer_uuid") for resource in _resources(portal, offering)}
    rows = [_customer_row(portal, portal.places.customers[uuid]) for uuid in users]
    return plain_list(call, _filtered(sorted(rows, key=_row_name), call.query, _CUSTOMER_FILTERS))


def list_customer_projects(portal: Portal, call: Call) -> Answer:
    """The projects that have a resource of the offering, all of them on one page."""
    places = {
        resource.text("project_uuid"): resource.place
        for resource in _resources(portal, _offering(portal, call))
    }
    rows = sorted((_project_row(place) for place in places.values()), key=_row_name)
    return Answer(body=[picked(row, call.names) for row in rows])


def list_customers(portal: Portal, call: Call) -> Answer:
    """Organisations of the caller: for a provider its own, and not those of its customers."""
    known = portal.places
    found = dict(known.providers) if call.caller.is_provider else {}
    if call.caller.is_consumer:
        found |= known.customers
    rows = [_customer_row(portal, customer) for customer in found.values()]
    return plain_list(call, _filtered(sorted(rows, key=_row_name), call.query, _CUSTOMER_FILTERS))


def list_providers(portal: Portal, call: Call) -> Answer:
    """The organisations that provide something."""
    rows: list[Row] = [
        {
            "url": f"{ROOT}marketplace-service-providers/{provider_uuid(portal, customer)}/",
            "uuid": provider_uuid(portal, customer),
            "customer": f"{ROOT}customers/{customer.uuid}/",
            "customer_uuid": customer.uuid,
            "customer_name": customer.name,
            "customer_slug": customer.slug,
        }
        for customer in portal.places.providers.values()
    ]
    filters: Filters = {"customer_uuid": uuid("customer_uuid")}
    return plain_list(call, _filtered(rows, call.query, filters))


def list_customers_of_provider(portal: Portal, call: Call) -> Answer:
    """The customers of all its offerings, without slugs, whatever `field` says."""
    customer = _provider(portal, call)
    prices: dict[str, float] = {}
    for resource in portal.resources:
        if resource.offering.get("provider_uuid") == customer.uuid:
            who = resource.text("customer_uuid")
            prices[who] = prices.get(who, 0.0) + _price(resource)
    found = sorted((portal.places.customers[uuid] for uuid in prices), key=_customer_name)
    return list_of(call, found, lambda each: each.row_for_provider(prices[each.uuid]))


def provider_uuid(portal: Portal, customer: Customer) -> str:
    """The uuid of an organisation as a provider, which is another one."""
    made = stable_uuid("marketplace-service-providers", customer.uuid)
    return portal.facts.service_providers.get(customer.uuid, made)


def _provider(portal: Portal, call: Call) -> Customer:
    wanted = hex_of(call.uuid)
    for customer in portal.places.providers.values():
        if provider_uuid(portal, customer) == wanted:
            if not call.caller.is_provider:
                raise forbidden()
            return customer
    raise not_found("ServiceProvider")


def _offering(portal: Portal, call: Call) -> Offering:
    found = portal.offerings.get(hex_of(call.uuid) or "")
    if found is None or not call.caller.is_provider:
        raise not_found("Offering")
    return found


def _resources(portal: Portal, offering: Offering) -> list[Resource]:
    def find(resources: list[Resource]) -> list[Resource]:
        return [each for each in resources if each.offering.get("offering_uuid") == offering.uuid]

    return portal.resources.matching(("of offering", offering.uuid), find)


def _row(portal: Portal, fields: Row) -> Row:
    offering = portal.offerings[str(fields["uuid"])]
    resources = _resources(portal, offering)
    orders = sum(len(resource.orders) for resource in resources)
    plans = [plan_of(offering, len(resources))]
    return {**fields, "order_count": orders, "plans": plans}


def _customer_row(portal: Portal, customer: Customer) -> Row:
    return customer.row(is_provider=customer.uuid in portal.places.providers)


def _project_row(place: Row) -> Row:
    uuid = place.get("project_uuid")
    return {
        "url": f"{ROOT}projects/{uuid}/",
        "uuid": uuid,
        "name": place.get("project_name"),
        "slug": place.get("project_slug"),
        "description": place.get("project_description"),
        "customer": f"{ROOT}customers/{place.get('customer_uuid')}/",
        "customer_uuid": place.get("customer_uuid"),
        "customer_name": place.get("customer_name"),
        "end_date": place.get("project_end_date"),
    }


def _price(resource: Resource) -> float:
    amounts = limits_of(resource).values()
    return float(sum(each for each in amounts if isinstance(each, int | float)))


def _filtered(rows: Sequence[Row], query: Query, filters: Filters) -> list[Row]:
    tests = tested(query, filters, _ORDERINGS).values()
    return [row for row in rows if all(t(Record(NOTHING, NOTHING, dict(row))) for t in tests)]


def _name(offering: Offering) -> str:
    return str(offering.fields["name"])


def _row_name(row: Row) -> str:
    return str(row["name"])


def _customer_name(customer: Customer) -> str:
    return customer.name
