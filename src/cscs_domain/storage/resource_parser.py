"""From a row as Waldur sent it to a `Resource` that can be trusted, or to problems.

Total over arbitrary rows: nothing but the returned problems tells of a malformed row, and nothing
but that row is affected. Sources: Waldur contract sections 3, 4, 10; DESIGN sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import TARGET_TYPE_OF, normal_data_type, target_type_of
from cscs_domain.storage.field_parsers import (
    NO_MEMBERS,
    Fault,
    Faults,
    malformed,
    mapping,
    optional_text,
    optional_uuid,
    quantity,
    quota_overrides,
    required_text,
    required_uuid,
)
from cscs_domain.storage.order_parser import parse_order
from cscs_domain.storage.permissions import DEFAULT_PERMISSION, Permission
from cscs_domain.storage.quotas import NO_OVERRIDES
from cscs_domain.storage.ready_items import parse_ready_item
from cscs_domain.storage.resources import NOTHING_READY, Order, Party, Resource
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from cscs_domain.storage.waldur_rows import WaldurOrder, WaldurRow

_STATES: Final = {s.value: s for s in ResourceState if s is not ResourceState.UNKNOWN}
_UNKNOWN: Final = ResourceState.UNKNOWN
_ROW_IDS: Final = frozenset({"offering", "customer"})
"""Levels whose uuid is needed too: it becomes the id of a parent's row."""


class ParsedResource(NamedTuple):
    """A resource, or None if the row cannot be believed, and what there is to say about it."""

    resource: Resource | None
    problems: tuple[Problem, ...] = ()


def parse_resource(row: WaldurRow, *, ready_items: bool = True) -> ParsedResource:
    """Read one row. With `resource` None there is at least one problem of severity error.

    Without `ready_items` nothing in `backend_metadata` counts, so nothing there can be wrong.
    """
    faults: Faults = []
    attributes = mapping(row.attributes, "attributes", faults)
    options = NO_MEMBERS if row.options == {} else mapping(row.options, "options", faults)
    data_type = _data_type(attributes.get("storage_data_type"), faults)
    ready = NOTHING_READY
    if ready_items and row.backend_metadata:
        ready = parse_ready_item(row.backend_metadata, target_type_of(data_type), faults)
    resource = Resource(
        uuid=required_uuid(row.uuid, "uuid", faults),
        slug=required_text(row.slug, "slug", faults),
        state=_STATES.get(required_text(row.state, "state", faults), _UNKNOWN),
        offering=_party(row.offering_slug, None, row.offering_uuid, "offering", faults),
        provider=_party(row.provider_slug, row.provider_name, None, "provider", faults),
        customer=_party(
            row.customer_slug, row.customer_name, row.customer_uuid, "customer", faults
        ),
        project=_party(row.project_slug, row.project_name, row.project_uuid, "project", faults),
        limit=quantity(mapping(row.limits, "limits", faults), "storage", "limits", faults),
        data_type=data_type,
        permission=_permission(options, attributes, faults),
        overrides=quota_overrides(options, "options", faults) if options else NO_OVERRIDES,
        backend_id=optional_text(row.backend_id, "backend_id", faults),
        order=_order(row.order_in_progress, faults),
        ready=ready,
        modified=optional_text(row.modified, "modified", faults),
    )
    if faults:
        return ParsedResource(None, _told(row, faults))
    if resource.order is None and resource.data_type in TARGET_TYPE_OF and row.state in _STATES:
        return ParsedResource(resource)  # nothing that a doubt could hang on, as nearly always
    return ParsedResource(resource, tuple(_doubts(row, resource)))


def _order(row: WaldurOrder | None, faults: Faults) -> Order | None:
    return None if row is None else parse_order(row, faults)


def _party(slug: object, name: object, uuid: object, level: str, faults: Faults) -> Party:
    try:
        party, found = _shared_party(slug, name, uuid, level)
    except TypeError:  # a list or object, which no cache can hold
        party, found = _shared_party.__wrapped__(slug, name, uuid, level)
    faults += found
    return party


# The rows of one read repeat few parties: save time and memory. Typed, for 1 == True == 1.0 and
# a fault shows which it was.
@lru_cache(maxsize=1 << 17, typed=True)
def _shared_party(
    slug: object, name: object, uuid: object, level: str
) -> tuple[Party, tuple[Fault, ...]]:
    faults: Faults = []
    known = required_text(slug, f"{level}_slug", faults)
    full = optional_text(name, f"{level}_name", faults) or known
    read_uuid = required_uuid if level in _ROW_IDS else optional_uuid
    return Party(known, full, read_uuid(uuid, f"{level}_uuid", faults)), tuple(faults)


def _data_type(value: object, faults: Faults) -> str:
    if isinstance(value, str) and value in TARGET_TYPE_OF:
        return value  # already normal, as nearly always
    return normal_data_type(optional_text(value, "attributes.storage_data_type", faults))


def _permission(
    options: Mapping[str, object], attributes: Mapping[str, object], faults: Faults
) -> Permission:
    """Options over attributes over the default; null and empty text count as absent."""
    for source in (options, attributes) if options else (attributes,):
        value = source.get("permissions")
        if value is not None and value != "":
            permission = _shared_permission(value) if isinstance(value, str) else None
            if permission is None:
                faults.append(malformed("permissions", value, "text of 3 or 4 octal digits"))
            return permission or DEFAULT_PERMISSION
    return DEFAULT_PERMISSION


@lru_cache(maxsize=1 << 8)
def _shared_permission(text: str) -> Permission | None:
    try:
        return Permission(text)
    except InvalidValueError:
        return None


def name_of(row: WaldurRow) -> str | None:
    """The best name for a row in a problem: its canonical uuid, else its slug or name, escaped."""
    unreadable: Faults = []
    uuid = required_uuid(row.uuid, "uuid", unreadable)
    if not unreadable:
        return str(uuid)
    name = row.uuid or row.slug or row.name
    return None if name is None else label(name)


def _told(row: WaldurRow, faults: Faults) -> tuple[Problem, ...]:
    name = name_of(row)
    return tuple(
        Problem(fault.code, Severity.ERROR, fault.message, fault.hint, name)
        for fault in dict.fromkeys(faults)
    )


def _doubts(row: WaldurRow, resource: Resource) -> Iterator[Problem]:
    name = str(resource.uuid)
    if resource.state is _UNKNOWN:
        yield _doubt(ProblemCode.UNKNOWN_STATE, f"state {shown(row.state)} is not known", name)
    if resource.data_type not in TARGET_TYPE_OF:
        text = f"data type {shown(resource.data_type)} is not known and treated as a project's"
        yield _doubt(ProblemCode.UNKNOWN_DATA_TYPE, text, name)
    if resource.order and row.order_in_progress:
        yield from _doubts_of_order(row.order_in_progress, resource.order, name)


def _doubts_of_order(row: WaldurOrder, order: Order, name: str) -> Iterator[Problem]:
    if order.state is OrderState.UNKNOWN:
        text = f"order state {shown(row.state)} is not known"
        yield _doubt(ProblemCode.UNKNOWN_ORDER, text, name)
    if order.type is OrderType.UNKNOWN:
        text = f"order type {shown(row.type)} is not known"
        yield _doubt(ProblemCode.UNKNOWN_ORDER, text, name)


def _doubt(code: ProblemCode, text: str, name: str) -> Problem:
    return Problem(code, Severity.WARNING, text, resource=name)
