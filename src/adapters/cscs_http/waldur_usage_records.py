"""Waldur's records of usage: one a resource, component and month, and parts of users in them.

A change of plan within a month makes several records of one component. Source: Waldur contract,
sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Generic, TypeVar
from uuid import UUID

import attrs

from cscs_domain.quantities import EXACT
from cscs_domain.usage.months import Month
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline
from cscs_http.waldur_usage_lists import USAGES, USER_USAGES, Row, read_all, selection, uuid_of
from cscs_http.waldur_usage_members import amount_of, month_of, record_in, text_of
from cscs_http.waldur_usage_scopes import Scope

_T = TypeVar("_T")

NOTHING: Final = Decimal(0)
_MEMBERS: Final = selection(
    *("uuid", "type", "usage", "created", "date", "billing_period"),
    *("resource_uuid", "offering_uuid"),
)
_USER_MEMBERS: Final = selection(
    *("uuid", "username", "usage", "component_usage", "resource_uuid", "billing_period"),
)


@attrs.frozen(kw_only=True)
class UsageRecord:
    """The total of one component. The last one by `age` is the newest of several.

    A report of a past month gives a record a new `date`, so `created` comes first.
    """

    uuid: UUID
    resource: UUID
    month: Month
    component: str
    amount: Decimal
    age: tuple[str, str]
    offering: UUID | None


@attrs.frozen
class UserPart:
    """What a user has in a record."""

    record: UsageRecord
    username: str
    amount: Decimal


@attrs.define
class Found(Generic[_T]):
    """What could be read; `doubts` says by resource what could not."""

    rows: list[_T] = attrs.Factory(list)
    doubts: dict[UUID, str] = attrs.Factory(dict)

    def add(self, other: Found[_T]) -> None:
        """Those of another list, too."""
        self.rows += other.rows
        self.doubts |= other.doubts

    def doubt(self, resource: UUID, whose: str, what: str) -> None:
        """A row of this resource cannot be read."""
        self.doubts.setdefault(resource, f"{whose} of Waldur has no readable {what}")


async def read_records(
    service: Service, scope: Scope, month: Month | None, deadline: Deadline
) -> Found[UsageRecord]:
    """The records of this month, the oldest first, or those of all months.

    The server may send others; they are left out, and so is what cannot be read: without that
    record a smaller figure could pass for the first one, so its resource is in doubt. Raises
    `UpstreamServiceError`.
    """
    of_month = () if month is None else (("billing_period", month.first_day.isoformat()),)
    params = ((scope.name, scope.value), *of_month, *_MEMBERS)
    found = Found[UsageRecord]()
    for row in await read_all(service, USAGES, params, deadline):
        _take_record(found, row, scope, month)
    found.rows.sort(key=lambda record: (record.age, record.uuid))
    return found


async def read_parts(
    service: Service,
    scope: Scope,
    month: Month,
    records: Iterable[UsageRecord],
    deadline: Deadline,
) -> Found[UserPart]:
    """What users have in these records, and nobody else's: old servers send no month with it.

    Raises `UpstreamServiceError`.
    """
    of_month = ("component_usage__billing_period", month.first_day.isoformat())
    params = ((scope.name, scope.value), of_month, *_USER_MEMBERS)
    known = {record.uuid: record for record in records}
    found = Found[UserPart]()
    for row in await read_all(service, USER_USAGES, params, deadline):
        record = record_in(row.get("component_usage"))
        if record is None:
            _take_stray(found, row, scope, month)
        elif record in known:
            _take_part(found, row, known[record])
    return found


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _take_record(found: Found[UsageRecord], row: Row, scope: Scope, month: Month | None) -> None:
    resource, of_month = uuid_of(row, "resource_uuid"), month_of(row.get("billing_period"))
    if resource not in scope.resources or (month and of_month and month != of_month):
        return
    members = {
        "month": of_month,
        "uuid": uuid_of(row),
        "component": text_of(row.get("type")),
        "amount": amount_of(row.get("usage")),
    }
    match members:
        case {
            "month": Month() as of_month,
            "uuid": UUID() as uuid,
            "component": str(component),
            "amount": Decimal() as amount,
        }:
            record = UsageRecord(
                uuid=uuid,
                resource=resource,
                month=of_month,
                component=component,
                amount=amount,
                age=(text_of(row.get("created")) or "", text_of(row.get("date")) or ""),
                offering=uuid_of(row, "offering_uuid"),
            )
            found.rows.append(record)
        case _:
            found.doubt(resource, "a record", _first_unread(members))


def _take_part(found: Found[UserPart], row: Row, record: UsageRecord) -> None:
    if row.get("username") in (None, ""):
        return
    username, amount = text_of(row.get("username")), amount_of(row.get("usage"))
    if username is None or amount is None:
        what = _first_unread({"username": username, "amount": amount})
        found.doubt(record.resource, "a user's record", what)
    else:
        found.rows.append(UserPart(record, username, amount))


def _take_stray(found: Found[UserPart], row: Row, scope: Scope, month: Month) -> None:
    """A part that does not say which record it belongs to."""
    resource = uuid_of(row, "resource_uuid")
    if resource in scope.resources and month_of(row.get("billing_period")) in (None, month):
        found.doubt(resource, "a user's record", "component_usage")


def _first_unread(members: Mapping[str, object]) -> str:
    return next(name for name, value in members.items() if value is None)
