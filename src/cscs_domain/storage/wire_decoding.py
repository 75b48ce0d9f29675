"""Rows read back from their wire form, strictly, with the path of every mistake.

For services and tests that use an answer or a document of ours as their source.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import parse_quantity
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.rows import StorageItem, StorageRow
from cscs_domain.storage.targets import (
    TYPE_OF_TARGET,
    PrimaryProject,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)
from cscs_domain.storage.wire import CALLBACK_MEMBERS

_RENAMED: Final = {
    "item_id": "itemId",
    "unix_gid": "unixGid",
    "unix_uid": "unixUid",
    "primary_project": "primaryProject",
    "mount_point": "mountPoint",
    "system": "storageSystem",
    "file_system": "storageFileSystem",
    "data_type": "storageDataType",
    "old_quotas": "oldQuotas",
    "new_quotas": "newQuotas",
    "parent_item_id": "parentItemId",
}
_QUOTA_MEMBERS: Final = {
    ("space", "tera", "soft"): "space_soft_tb",
    ("space", "tera", "hard"): "space_hard_tb",
    ("inodes", "none", "soft"): "inodes_soft",
    ("inodes", "none", "hard"): "inodes_hard",
}


def row_from_wire(wire: object) -> StorageRow:
    """One row out of a decoded JSON object (numbers with a fraction as `Decimal`).

    Raises `InvalidValueError` that names every member at fault.
    """
    try:
        return _CONVERTER.structure(wire, StorageRow)
    except ClassValidationError as error:
        reasons = "; ".join(transform_error(error))
        raise InvalidValueError("storage row", shown(wire), f"is not one: {reasons}") from None
    except (ValueError, TypeError) as error:
        raise InvalidValueError("storage row", shown(wire), f"is not one: {error}") from None


def _strict(kind: type) -> object:
    def take(value: object, _type: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return take


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _uuid(value: object, _type: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _mount_point(value: object, _type: object) -> MountPath:
    return MountPath(str(_object(value)["default"]))


def _permission(value: object, _type: object) -> Permission:
    wire = _object(value)
    if wire.get("permissionType") != "octal":
        raise ValueError(f"permissionType is {shown(wire.get('permissionType'))}, not octal")
    return Permission(str(wire["value"]))


def _quotas(value: object, _type: object) -> Quotas:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    amounts: dict[str, Decimal] = {}
    for entry in map(_object, value):
        kind = (str(entry["type"]), str(entry["unit"]), str(entry["enforcementType"]))
        amounts[_QUOTA_MEMBERS[kind]] = parse_quantity(entry["quota"], "quota")
    return Quotas(
        space_soft_tb=amounts["space_soft_tb"],
        space_hard_tb=amounts["space_hard_tb"],
        inodes_soft=int(amounts["inodes_soft"]),
        inodes_hard=int(amounts["inodes_hard"]),
    )


def _target(value: object, _type: object) -> Target:
    wire = _object(value)
    of_type = {target_type: cls for cls, target_type in TYPE_OF_TARGET.items()}
    cls = of_type[TargetType(str(wire["targetType"]))]
    target: Target = _CONVERTER.structure(wire["targetItem"], cls)
    return target


def _callbacks(wire: Mapping[str, object]) -> Callbacks:
    urls = {member: str(wire[member]) for member in CALLBACK_MEMBERS if member in wire}
    return Callbacks(**urls) if urls else NO_CALLBACKS


def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook(UUID, _uuid)
    converter.register_structure_hook(MountPath, _mount_point)
    converter.register_structure_hook(Permission, _permission)
    converter.register_structure_hook(Quotas, _quotas)
    converter.register_structure_hook_func(lambda kind: kind == Target, _target)
    for cls in (StorageItem, PrimaryProject, *TYPE_OF_TARGET):
        converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, **_names(cls)))
    row = make_dict_structure_fn(
        StorageRow, converter, callbacks=override(omit=True), **_names(StorageRow)
    )
    converter.register_structure_hook(
        StorageRow,
        lambda wire, kind: attrs.evolve(row(_object(wire), kind), callbacks=_callbacks(wire)),
    )
    return converter


def _names(cls: type) -> dict[str, object]:
    return {
        field.name: override(rename=_RENAMED[field.name])
        for field in attrs.fields(cls)
        if field.name in _RENAMED
    }


_CONVERTER: Final = _converter()
