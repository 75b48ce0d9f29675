"""The wire form of rows: the one place where `itemId`, `unixGid` and their like are spelled.

Source: DESIGN section 4. Encoding makes plain dicts whose leaves are text, int, bool, None, `UUID`
and `Decimal`, for any JSON library that can write the last two (`cscs_json` can). `wire_decoding`
reads a document back, checked, into the same values: encode then decode is the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

import attrs

from cscs_domain.problems import Problem
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.filters import Pagination
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.rows import StorageItem, StorageRow
from cscs_domain.storage.targets import (
    CustomerTarget,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)

Wire: TypeAlias = dict[str, object]

_PROJECT: Final = TargetType.PROJECT

CALLBACK_MEMBERS: Final = tuple(field.name for field in attrs.fields(Callbacks))


def item_to_wire(item: StorageItem) -> object:
    """A storage system, file system or data type."""
    return {
        "itemId": item.item_id,
        "key": item.key,
        "name": item.name,
        "active": item.active,
        "path": item.path,
    }


def quotas_to_wire(quotas: Quotas) -> object:
    """Four entries: space soft and hard in TB, inodes soft and hard."""
    return [
        _quota("space", whole_or_decimal(quotas.space_soft_tb), "tera", "soft"),
        _quota("space", whole_or_decimal(quotas.space_hard_tb), "tera", "hard"),
        _quota("inodes", quotas.inodes_soft, "none", "soft"),
        _quota("inodes", quotas.inodes_hard, "none", "hard"),
    ]


def row_to_wire(
    row: StorageRow,
    *,
    item: Callable[[StorageItem], object] = item_to_wire,
    quotas: Callable[[Quotas], object] = quotas_to_wire,
) -> Wire:
    """One row as the answer shows it: null members present, callback members only when set.

    `item` and `quotas` make the parts that many rows share; an encoder may pass functions that
    return them already encoded.
    """
    old, new = row.old_quotas, row.new_quotas
    wire: Wire = {
        "itemId": row.item_id,
        "status": row.status,
        "mountPoint": {"default": row.mount_point.text},
        "permission": {"value": row.permission.value, "permissionType": "octal"},
        "storageSystem": item(row.system),
        "storageFileSystem": item(row.file_system),
        "storageDataType": item(row.data_type),
        "target": _target(row.target),
        "quotas": None if row.quotas is None else quotas(row.quotas),
        "oldQuotas": None if old is None else quotas(old),
        "newQuotas": None if new is None else quotas(new),
        "parentItemId": row.parent_item_id,
    }
    if row.callbacks is not NO_CALLBACKS:
        for member in CALLBACK_MEMBERS:
            url = getattr(row.callbacks, member)
            if url is not None:
                wire[member] = url
    return wire


def _target(target: Target) -> Wire:
    match target:
        case ProjectTarget():
            kind, item = _PROJECT, _project(target)
        case UserTarget():
            kind, item = TargetType.USER, _user(target)
        case TenantTarget():
            kind, item = TargetType.TENANT, _party(target)
        case CustomerTarget():
            kind, item = TargetType.CUSTOMER, _party(target)
    return {"targetType": kind, "targetItem": item}


def _project(target: ProjectTarget) -> Wire:
    return {
        "itemId": target.item_id,
        "key": target.key,
        "name": target.name,
        "status": target.status,
        "unixGid": target.unix_gid,
        "active": target.active,
    }


def _user(target: UserTarget) -> Wire:
    return {
        "itemId": target.item_id,
        "key": target.key,
        "name": target.name,
        "status": target.status,
        "email": target.email,
        "unixUid": target.unix_uid,
        "primaryProject": {
            "name": target.primary_project.name,
            "unixGid": target.primary_project.unix_gid,
            "active": target.primary_project.active,
        },
        "active": target.active,
    }


def _party(target: TenantTarget | CustomerTarget) -> Wire:
    return {"itemId": target.item_id, "key": target.key, "name": target.name}


def _quota(kind: str, amount: int | Decimal, unit: str, enforcement: str) -> Wire:
    return {"type": kind, "quota": amount, "unit": unit, "enforcementType": enforcement}


def whole_or_decimal(amount: Decimal) -> int | Decimal:
    """Whole terabytes as an int, which every JSON library writes alike."""
    return int(amount) if amount == amount.to_integral_value() else amount


def problem_to_wire(problem: Problem) -> Wire:
    """One problem as the answer shows it."""
    return {
        "code": problem.code.value,
        "severity": problem.severity.value,
        "resource": problem.resource,
        "message": problem.message,
        "hint": problem.hint,
    }


def pagination_to_wire(pagination: Pagination, snapshot: str) -> Wire:
    """The answer's `pagination`; `snapshot` pins the next pages to the same read."""
    return {
        "current": pagination.current,
        "limit": pagination.limit,
        "offset": pagination.offset,
        "pages": pagination.pages,
        "total": pagination.total,
        "has_next": pagination.has_next,
        "snapshot": snapshot,
    }
