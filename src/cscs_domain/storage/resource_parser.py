"""From a row as Waldur sent it to a `Resource` that can be trusted, or to problems.

Total over arbitrary rows: nothing but the returned problems tells of a malformed row, and nothing
but that row is affected. Sources: Waldur contract sections 3, 4, 10; DESIGN sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import TARGET_TYPE_OF, normal_data_type
from cscs_domain.storage.field_parsers import (
    FieldFault,
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
from cscs_domain.storage.ready_items import parse_ready_item
from cscs_domain.storage.quotas import QuotaOverrides
from cscs_domain.storage.resources import Order, Party, ReadyItem, Resource
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from cscs_domain.storage.waldur_rows import WaldurOrder, WaldurRow

_STATES: Final = {s.value: s for s in ResourceState if s is not ResourceState.UNKNOWN}


@attrs.frozen
class ParsedResource:
    """A resource, or None if the row cannot be believed, and what there is to say about it."""

    resource: Resource | None
    problems: tuple[Problem, ...] = ()


def parse_resource(row: WaldurRow) -> ParsedResource:
    """Read one row. With `resource` None there is at least one problem of severity error."""
    try:
        resource = Resource(
            uuid=_uuid(row),
            slug=_slug(row),
            state=_state(row),
            offering_uuid=_offering_uuid(row),
            offering_slug=_offering_slug(row),
            provider=_provider(row),
            customer=_customer(row),
            project=_project(row),
            limit=_limit(row),
            data_type=_data_type(row),
            permission=_permission(row),
            overrides=_overrides(row),
            backend_id=_backend_id(row),
            order=_order(row),
            project_item=_project_item(row),
            user_item=_user_item(row),
            modified=_modified(row),
        )
    except FieldFault:
        return ParsedResource(None, _faults(row))
    return ParsedResource(resource, _doubts(row, resource))


def _uuid(row: WaldurRow) -> UUID:
    return required_uuid(row.uuid, "uuid")


def _slug(row: WaldurRow) -> str:
    return required_text(row.slug, "slug")


def _state(row: WaldurRow) -> ResourceState:
    return _STATES.get(required_text(row.state, "state"), ResourceState.UNKNOWN)


def _party(slug: object, name: object, uuid: object, level: str) -> Party:
    try:
        return _shared_party(slug, name, uuid, level)
    except TypeError:  # a list or object, which no cache can hold, nor any of these members be
        raise malformed(level, [slug, name, uuid], "a slug, a name and a uuid") from None


@lru_cache(maxsize=1 << 13)  # the rows of one read repeat few parties: save time and memory
def _shared_party(slug: object, name: object, uuid: object, level: str) -> Party:
    known = required_text(slug, f"{level}_slug")
    return Party(
        known,
        optional_text(name, f"{level}_name") or known,
        optional_uuid(uuid, f"{level}_uuid"),
    )


def _provider(row: WaldurRow) -> Party:
    return _party(row.provider_slug, row.provider_name, None, "provider")


def _customer(row: WaldurRow) -> Party:
    if row.customer_uuid is None or row.customer_uuid == "":  # it is the customer row's id
        required_uuid(None, "customer_uuid")
    return _party(row.customer_slug, row.customer_name, row.customer_uuid, "customer")


def _project(row: WaldurRow) -> Party:
    return _party(row.project_slug, row.project_name, row.project_uuid, "project")


def _offering_uuid(row: WaldurRow) -> UUID:
    value = row.offering_uuid
    return _shared_uuid(value) if isinstance(value, str) else required_uuid(value, "offering_uuid")


@lru_cache(maxsize=1 << 10)
def _shared_uuid(text: str) -> UUID:
    return required_uuid(text, "offering_uuid")


def _offering_slug(row: WaldurRow) -> str:
    return required_text(row.offering_slug, "offering_slug")


def _limit(row: WaldurRow) -> Decimal | None:
    return quantity(mapping(row.limits, "limits"), "storage", "limits")


def _data_type(row: WaldurRow) -> str:
    value = mapping(row.attributes, "attributes").get("storage_data_type")
    if isinstance(value, str) and value in TARGET_TYPE_OF:
        return value  # already normal, as nearly always
    return normal_data_type(optional_text(value, "attributes.storage_data_type"))


def _permission(row: WaldurRow) -> Permission:
    for source, member in ((row.options, "options"), (row.attributes, "attributes")):
        if source and (value := mapping(source, member).get("permissions")):
            if not isinstance(value, str):
                raise malformed("permissions", value, "text of 3 or 4 octal digits")
            return _shared_permission(value)
    return DEFAULT_PERMISSION


@lru_cache(maxsize=1 << 8)
def _shared_permission(text: str) -> Permission:
    try:
        return Permission(text)
    except InvalidValueError as error:
        raise FieldFault(ProblemCode.MALFORMED_RECORD, str(error)) from None


def _overrides(row: WaldurRow) -> QuotaOverrides:
    return quota_overrides(row.options, "options")


def _backend_id(row: WaldurRow) -> str:
    return optional_text(row.backend_id, "backend_id")


def _order(row: WaldurRow) -> Order | None:
    return None if row.order_in_progress is None else parse_order(row.order_in_progress)


def _project_item(row: WaldurRow) -> ReadyItem | None:
    return parse_ready_item(row.backend_metadata, "project_item")


def _user_item(row: WaldurRow) -> ReadyItem | None:
    return parse_ready_item(row.backend_metadata, "user_item")


def _modified(row: WaldurRow) -> str:
    return optional_text(row.modified, "modified")


_READERS: Final[tuple[Callable[[WaldurRow], object], ...]] = (
    _uuid,
    _slug,
    _state,
    _offering_uuid,
    _offering_slug,
    _provider,
    _customer,
    _project,
    _limit,
    _data_type,
    _permission,
    _overrides,
    _backend_id,
    _order,
    _project_item,
    _user_item,
    _modified,
)
"""Every reader above, so that a row at fault is told all its faults and not just the first."""


def name_of(row: WaldurRow) -> str | None:
    """The best name for a row in a problem: its canonical uuid, else its slug or name, escaped."""
    try:
        return str(required_uuid(row.uuid, "uuid"))
    except FieldFault:
        label = row.uuid or row.slug or row.name
        return None if label is None else shown(label)


def _faults(row: WaldurRow) -> tuple[Problem, ...]:
    found: dict[Problem, None] = {}
    for read in _READERS:
        try:
            read(row)
        except FieldFault as fault:
            problem = Problem(
                fault.code, Severity.ERROR, fault.message, fault.hint, name_of(row)
            )
            found[problem] = None
    return tuple(found)


def _doubts(row: WaldurRow, resource: Resource) -> tuple[Problem, ...]:
    doubts = []
    if resource.state is ResourceState.UNKNOWN:
        doubts.append((ProblemCode.UNKNOWN_STATE, f"state {shown(row.state)} is not known"))
    if resource.data_type not in TARGET_TYPE_OF:
        text = f"data type {shown(resource.data_type)} is not known and treated as a project's"
        doubts.append((ProblemCode.UNKNOWN_DATA_TYPE, text))
    if resource.order:
        doubts += _doubts_of_order(row.order_in_progress, resource.order)
    return tuple(
        Problem(code, Severity.WARNING, text, resource=str(resource.uuid)) for code, text in doubts
    ) if doubts else ()


def _doubts_of_order(row: WaldurOrder | None, order: Order) -> Iterator[tuple[ProblemCode, str]]:
    if row and order.state is OrderState.UNKNOWN:
        yield ProblemCode.UNKNOWN_ORDER, f"order state {shown(row.state)} is not known"
    if row and order.type is OrderType.UNKNOWN:
        yield ProblemCode.UNKNOWN_ORDER, f"order type {shown(row.type)} is not known"
