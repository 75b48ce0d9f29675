"""Usage and accounts to read. Source: Waldur contract, sections 7 and 8."""

from __future__ import annotations

from datetime import date
from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer, not_found
from cscs_fakes.emulators.waldur.books import Book
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.filters import (
    Filters,
    contains,
    day_from,
    day_until,
    exact,
    filtered,
    on_day,
    same_login,
    uuid,
)
from cscs_fakes.emulators.waldur.lists import list_of, plain
from cscs_fakes.emulators.waldur.records import Record, hex_of
from cscs_fakes.emulators.waldur.selection import picked
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.usage_book import UsageBook

_PLACES: Final[Filters] = {
    "resource_uuid": uuid("resource_uuid"),
    "offering_uuid": uuid("offering_uuid"),
    "customer_uuid": uuid("customer_uuid"),
    "project_uuid": uuid("project_uuid"),
}
_USAGE_FILTERS: Final[Filters] = {
    **_PLACES,
    "type": exact("type"),
    "billing_period": on_day("billing_period"),
    "date_after": day_from("date"),
    "date_before": day_until("date"),
}
_USER_USAGE_FILTERS: Final[Filters] = {
    **_PLACES,
    "username": exact("username"),
    "type": exact("component_type"),
    "component_usage__billing_period": on_day("_billing_period"),
    "date_after": day_from("date"),
    "date_before": day_until("date"),
}
_ACCOUNT_FILTERS: Final[Filters] = {
    "offering_uuid": uuid("offering_uuid"),
    "user_uuid": uuid("user_uuid"),
    "user_username": same_login("user_username"),
    "query": contains("username", "user_username", "user_full_name"),
}
_NEW_ACCOUNT_FILTERS: Final[Filters] = {**_ACCOUNT_FILTERS, "username": exact("username")}
_ORDERINGS: Final = frozenset({"created", "modified", "username", "billing_period", "usage"})


def list_usages(portal: Portal, call: Call) -> Answer:
    """Totals of components by month."""
    book = _narrowed(portal.usages, call, "billing_period")
    found = filtered(book, call.query, _USAGE_FILTERS, _ORDERINGS)
    return list_of(call, found, lambda record: picked(record.own, call.names))


def show_usage(portal: Portal, call: Call) -> Answer:
    """One total."""
    found = portal.usages.by_uuid(hex_of(call.uuid))
    if found is None:
        raise not_found("ComponentUsage")
    return plain(call, found.own)


def list_user_usages(portal: Portal, call: Call) -> Answer:
    """Parts of users; [5.8] does not pick."""
    names = frozenset() if portal.is_old else call.names
    book = _narrowed(portal.user_usages, call, "component_usage__billing_period")
    found = filtered(book, call.query, _USER_USAGE_FILTERS, _ORDERINGS)
    return list_of(call, found, lambda record: picked(_public(record), names))


def list_accounts(portal: Portal, call: Call) -> Answer:
    """Accounts at the site; a provider sees those of offerings that let it."""
    filters = _ACCOUNT_FILTERS if portal.is_old else _NEW_ACCOUNT_FILTERS
    found = filtered(portal.offering_users, call.query, filters, _ORDERINGS)
    seen = [record for record in found if _is_seen(portal, call, record)]
    return list_of(call, seen, lambda record: picked(record.own, call.names))


def show_account(portal: Portal, call: Call) -> Answer:
    """One account."""
    wanted = hex_of(call.uuid)
    for record in portal.offering_users:
        if record.own["uuid"] == wanted and _is_seen(portal, call, record):
            return plain(call, record.own)
    raise not_found("OfferingUser")


def _narrowed(usages: UsageBook, call: Call, period: str) -> Book[Record]:
    """The records among which all are that are asked for. The filters look at each of them."""
    return usages.narrowed(hex_of(call.last("resource_uuid")), _day_of(call.last(period)))


def _day_of(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def _is_seen(portal: Portal, call: Call, account: Record) -> bool:
    if call.caller.is_staff:
        return True
    offering = portal.offerings.get(account.text("offering_uuid"))
    return (
        call.caller.is_provider
        and offering is not None
        and offering.shows_users(secretly=portal.is_old)
    )


def _public(record: Record) -> dict[str, object]:
    return {name: value for name, value in record.own.items() if not name.startswith("_")}
