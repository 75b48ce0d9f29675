"""Which fields of a row hold a component's amount. Source: DWDI contract, section 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from cscs_domain.usage.amount_reading import read_amount
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile

ABSENT: Final = object()
"""What `pick` returns where no field of a component is there."""


@attrs.frozen
class Fields:
    """Where a component's amount may be, the most exact name first."""

    component: Component
    in_rows: tuple[str, ...]
    in_users: tuple[str, ...]


def fields_of(metering: Metering) -> tuple[Fields, ...]:
    """The fields of every component, in the order of the configuration.

    >>> fields_of(Metering(components=(Component(name="nodeHours"),)))[0].in_rows
    ('nodeHours', 'accountNodeHours', 'totalNodeHours', 'accountnodeHours')
    """
    return tuple(_fields(metering, component) for component in metering.components)


def _fields(metering: Metering, component: Component) -> Fields:
    name = component.name
    rows, users = [*_by_name(name)], [name]
    if metering.profile is WarehouseProfile.V2:
        for row_field, user_field in _by_kind(metering.kind, name):
            rows.append(row_field)
            users.append(user_field)
    return Fields(component, tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(users)))


def _by_name(name: str) -> Iterator[str]:
    capital = name[0].upper() + name[1:]
    yield name
    yield f"account{capital}"
    yield f"total{capital}"
    yield f"account{name}"


def _by_kind(kind: UsageKind, name: str) -> Iterator[tuple[str, str]]:
    """What the second generation of the reference reads, whatever the field is called."""
    match kind:
        case UsageKind.COMPUTE if "node" in name:
            yield "totalNodeHours", "nodeHours"
        case UsageKind.STORAGE if name.lower() == "storage" or "space" in name:
            yield "spaceUsed", "spaceUsed"
        case UsageKind.STORAGE if "inodes_usage" in name:
            yield "inodesUsed", "inodesUsed"
        case UsageKind.INFERENCE if name.lower() == "token_cost":
            yield "totalCost", "totalCost"


def pick(row: Mapping[str, object], fields: tuple[str, ...]) -> tuple[object, bool]:
    """The value of the first field that says something, and whether another one says otherwise.

    None if all that are there are null, `ABSENT` if none is there.
    """
    present = [row[field] for field in fields if field in row]
    if not present:
        return ABSENT, False
    told = [value for value in present if value is not None]
    if not told:
        return None, False
    chosen, *others = told
    return chosen, any(_differ(chosen, other) for other in others)


def _differ(one: object, other: object) -> bool:
    return read_amount(one) != read_amount(other)
