"""Resources to read, for providers and consumers. Source: Waldur contract, section 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.filters import (
    Filters,
    Test,
    any_of,
    choice,
    contains,
    exact,
    filtered,
    since,
    switch,
    uuid,
)
from cscs_fakes.emulators.waldur.lists import list_of
from cscs_fakes.emulators.waldur.mode import ORDER_STATES, RESOURCE_STATES
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.permissions import (
    consumed_resource,
    provided_resource,
    sees_consumed,
)
from cscs_fakes.emulators.waldur.records import Record
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.selection import ResourceView, resource_view
from cscs_fakes.emulators.waldur.state import Portal

_ORDERINGS: Final = frozenset(
    {"name", "created", "modified", "state", "backend_id", "project_name", "customer_name"}
)
_NOT_YET_FOR_PROVIDERS: Final = frozenset(
    {"pending-consumer", "pending-project", "pending-start-date"}
)

_FILTERS: Final[Filters] = {
    "state": choice("state", RESOURCE_STATES),
    "offering_uuid": uuid("offering_uuid"),
    "customer_uuid": uuid("customer_uuid"),
    "project_uuid": uuid("project_uuid"),
    "provider_uuid": uuid("provider_uuid"),
    "name": contains("name"),
    "name_exact": exact("name"),
    "backend_id": exact("backend_id"),
    "query": contains("name", "slug", "backend_id", "effective_id", "uuid"),
    "created": since("created"),
    "modified": since("modified"),
}


def list_provided(portal: Portal, call: Call) -> Answer:
    """What the caller's organisations provide."""
    found = _found(portal, call)
    return list_of(call, found if call.caller.is_provider else [], _view(portal, call).of)


def list_consumed(portal: Portal, call: Call) -> Answer:
    """What the caller's organisations use; [8.1] what they provide too."""
    found = _found(portal, call)
    return list_of(call, found if sees_consumed(portal, call) else [], _view(portal, call).of)


def show_provided(portal: Portal, call: Call) -> Answer:
    """One of those that the caller provides."""
    return _shown(portal, call, provided_resource(portal, call))


def show_consumed(portal: Portal, call: Call) -> Answer:
    """One of those that the caller uses."""
    return _shown(portal, call, consumed_resource(portal, call))


def _shown(portal: Portal, call: Call, resource: Resource) -> Answer:
    return Answer(body=_view(portal, call, is_list=False).of(resource))


def _found(portal: Portal, call: Call) -> list[Resource]:
    filters = _FILTERS if portal.is_old else _NEW_FILTERS
    return filtered(portal.resources, call.query, filters, _ORDERINGS)


def _view(portal: Portal, call: Call, *, is_list: bool = True) -> ResourceView:
    staff = call.caller.is_staff
    return resource_view(call.names, portal.keys, portal.mode, is_staff=staff, is_list=is_list)


# --- filters of 8.1

_ORDER_STATE: Final = choice("state", ORDER_STATES)


def _by_order_state(values: Sequence[str]) -> Test:
    """One of several states of an order of the resource."""
    of_order = _ORDER_STATE(values)
    return lambda record: isinstance(record, Resource) and any(map(of_order, record.orders))


def _visible(record: Record) -> bool:
    if not isinstance(record, Resource) or record.state != "Creating":
        return True
    waiting = record.in_progress
    return not (isinstance(waiting, Order) and waiting.state in _NOT_YET_FOR_PROVIDERS)


_NEW_FILTERS: Final[Filters] = {
    **_FILTERS,
    "offering_uuid": uuid("offering_uuid", several=True),
    "offering_slug": any_of("offering_slug"),
    "order_state": _by_order_state,
    "slug": exact("slug"),
    "visible_to_providers": switch(_visible),
}
