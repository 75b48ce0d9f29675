"""Waldur's records of usage: one a resource, component and month, and parts of users in them.

A change of plan within a month makes several records of one component. Source: Waldur contract,
sections 7 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import EXACT, parse_quantity
from cscs_domain.storage.field_parsers import (
    Faults,
    malformed,
    optional_uuid,
    required_text,
    required_uuid,
)
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.months import Month
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline
from cscs_http.waldur_usage_lists import USAGES, USER_USAGES, Row, read_all, refuse, selection

Scope: TypeAlias = tuple[str, str]
"""The filter that narrows a list to a resource or an offering."""

NOTHING: Final = Decimal(0)
_MEMBERS: Final = selection(
    *("uuid", "type", "usage", "date", "billing_period", "resource_uuid", "offering_uuid"),
)
_USER_MEMBERS: Final = selection("uuid", "username", "usage", "component_usage")
_LAST_SEGMENT: Final = re.compile(r"([0-9a-fA-F-]{32,36})/?$")
_FEW: Final = 4
"""Up to so many resources of an offering are asked for one by one; else all of it is."""


@attrs.frozen(kw_only=True)
class UsageRecord:
    """The total of one component. `date` tells which of several is the newest."""

    uuid: UUID
    resource: UUID
    month: Month
    component: str
    amount: Decimal
    date: str
    offering: UUID | None


@attrs.frozen
class UserPart:
    """What a user has in a record."""

    record: UsageRecord
    username: str
    amount: Decimal


def scopes(resources: Sequence[MeteredResource]) -> Iterator[Scope]:
    """What to ask for so that all of these are in it."""
    by_offering: dict[UUID, list[UUID]] = {}
    for resource in resources:
        by_offering.setdefault(resource.offering, []).append(resource.uuid)
    for offering, uuids in by_offering.items():
        if len(uuids) > _FEW:
            yield ("offering_uuid", offering.hex)
        else:
            yield from (scope_of(uuid) for uuid in uuids)


def scope_of(resource: UUID) -> Scope:
    """What to ask for if it is about one resource."""
    return ("resource_uuid", resource.hex)


async def read_records(
    service: Service, scope: Scope, month: Month, deadline: Deadline
) -> list[UsageRecord]:
    """The records of this month, the oldest first. The server may send others; they are left out.

    Raises `UpstreamServiceError`, also for a record that cannot be read: without it a smaller
    figure could pass for the first one.
    """
    params = (scope, ("billing_period", month.first_day.isoformat()), *_MEMBERS)
    rows = await read_all(service, USAGES, params, deadline)
    found = [_record(service, uuid, row) for uuid, row in rows.items()]
    name, wanted = scope
    mine = [
        each
        for each in found
        if each.month == month and (name != "resource_uuid" or each.resource.hex == wanted)
    ]
    return sorted(mine, key=lambda record: (record.date, record.uuid))


async def read_parts(
    service: Service,
    scope: Scope,
    month: Month,
    records: Iterable[UsageRecord],
    deadline: Deadline,
) -> list[UserPart]:
    """What users have in these records, and nobody else's: old servers send no month with it."""
    params = (
        scope,
        ("component_usage__billing_period", month.first_day.isoformat()),
        *_USER_MEMBERS,
    )
    known = {record.uuid: record for record in records}
    rows = await read_all(service, USER_USAGES, params, deadline)
    parts = (_part(service, row, known) for row in rows.values())
    return [part for part in parts if part is not None]


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _record(service: Service, uuid: UUID, row: Row) -> UsageRecord:
    faults: Faults = []
    record = UsageRecord(
        uuid=uuid,
        resource=required_uuid(row.get("resource_uuid"), "resource_uuid", faults),
        month=_month(row.get("billing_period"), faults),
        component=required_text(row.get("type"), "type", faults),
        amount=_amount(row.get("usage"), faults),
        date=str(row.get("date")),
        offering=optional_uuid(row.get("offering_uuid"), "offering_uuid", faults),
    )
    if faults:
        raise refuse(service, USAGES, faults[0])
    return record


def _part(service: Service, row: Row, known: Mapping[UUID, UsageRecord]) -> UserPart | None:
    faults: Faults = []
    url = required_text(row.get("component_usage"), "component_usage", faults)
    segment = _LAST_SEGMENT.search(url)
    uuid = required_uuid(segment and segment[1], "uuid in component_usage", faults)
    if not faults and (uuid not in known or not row.get("username")):
        return None
    username = required_text(row.get("username"), "username", faults)
    amount = _amount(row.get("usage"), faults)
    if faults:
        raise refuse(service, USER_USAGES, faults[0])
    return UserPart(known[uuid], username, amount)


def _month(value: object, faults: Faults) -> Month:
    try:
        return Month.parse(value[:7] if isinstance(value, str) else "")
    except InvalidValueError:
        faults.append(malformed("billing_period", value, "a month"))
        return Month(1, 1)


def _amount(value: object, faults: Faults) -> Decimal:
    """A number of either sign: Waldur takes negative ones from anybody."""
    try:
        if isinstance(value, str) and value.strip().startswith("-"):
            return -parse_quantity(value.strip()[1:])
        if isinstance(value, int | float | Decimal) and value < 0:
            return -parse_quantity(-value)
        return parse_quantity(value)
    except InvalidValueError:
        faults.append(malformed("usage", value, "a number"))
        return NOTHING
