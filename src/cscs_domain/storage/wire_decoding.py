"""Rows read back from their wire form, strictly, with the path of every mistake.

For services and tests that use an answer or a document of ours as their source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import LARGEST, MOST_PLACES, parse_quantity
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.rows import StorageItem, StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import (
    TYPE_OF_TARGET,
    PrimaryProject,
    Target,
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
        reasons = "; ".join(map(_as_spelled, transform_error(error)))
        raise InvalidValueError("storage row", shown(wire), f"is not one: {reasons}") from None
    except (ValueError, TypeError) as error:
        raise InvalidValueError("storage row", shown(wire), f"is not one: {error}") from None


def _as_spelled(reason: str) -> str:
    """The sentence with its path in the wire's spelling: `@ $.mountPoint`."""
    what, at, path = reason.rpartition("@ ")
    return what + at + ".".join(_RENAMED.get(member, member) for member in path.split("."))


def _strict(kind: type) -> Callable[[object, object], object]:
    def take(value: object, _type: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return take


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _text(value: object, where: str = "") -> str:
    if not isinstance(value, str):
        raise TypeError(f"{where}expected str, got {type(value).__name__}")
    return value


def _status(value: object, _type: object) -> Status:
    return Status(_text(value))


def _uuid(value: object, _type: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(_text(value))


def _mount_point(value: object, _type: object) -> MountPath:
    return MountPath(_text(_object(value)["default"]))


def _permission(value: object, _type: object) -> Permission:
    wire = _object(value)
    if wire.get("permissionType") != "octal":
        raise ValueError(f"permissionType is {shown(wire.get('permissionType'))}, not octal")
    return Permission(_text(wire["value"]))


def _quotas(value: object, _type: object) -> Quotas:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    amounts: dict[str, object] = {}
    for entry in map(_object, value):
        kind = (_text(entry["type"]), _text(entry["unit"]), _text(entry["enforcementType"]))
        amounts[_QUOTA_MEMBERS[kind]] = entry["quota"]
    return Quotas(
        space_soft_tb=_terabytes(amounts["space_soft_tb"], "soft space"),
        space_hard_tb=_terabytes(amounts["space_hard_tb"], "hard space"),
        inodes_soft=_whole(amounts["inodes_soft"], "soft inodes"),
        inodes_hard=_whole(amounts["inodes_hard"], "hard inodes"),
    )


def _whole(value: object, what: str) -> int:
    # Not `parse_quantity`: the product of a limit and its coefficients may exceed its bound.
    if type(value) is not int or value < 0:
        raise InvalidValueError(what, shown(value), "is not a whole number from 0")
    return value


def _terabytes(value: object, what: str) -> Decimal:
    # Twice the usual bounds: it is the product of a limit and the unit's factor.
    return parse_quantity(value, what, largest=LARGEST * LARGEST, places=2 * MOST_PLACES)


def _target(value: object, _type: object) -> Target:
    wire = _object(value)
    of_type = {target_type: cls for cls, target_type in TYPE_OF_TARGET.items()}
    cls = of_type[TargetType(_text(wire["targetType"]))]
    target: Target = _CONVERTER.structure(wire["targetItem"], cls)
    return target


def _callbacks(wire: Mapping[str, object]) -> Callbacks:
    urls = {
        member: _text(wire[member], f"{member}: ") for member in CALLBACK_MEMBERS if member in wire
    }
    return Callbacks(**urls) if urls else NO_CALLBACKS


def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    # The hook of `str` would otherwise take the place of its subclass's.
    converter.register_structure_hook(Status, _status)
    converter.register_structure_hook(UUID, _uuid)
    converter.register_structure_hook(MountPath, _mount_point)
    converter.register_structure_hook(Permission, _permission)
    converter.register_structure_hook(Quotas, _quotas)
    converter.register_structure_hook_func(lambda kind: kind == Target, _target)
    for cls in (StorageItem, PrimaryProject, *TYPE_OF_TARGET):
        converter.register_structure_hook(
            cls, make_dict_structure_fn(cls, converter, **_names(cls))
        )
    row = make_dict_structure_fn(
        StorageRow, converter, callbacks=override(omit=True), **_names(StorageRow)
    )
    converter.register_structure_hook(
        StorageRow,
        lambda wire, kind: attrs.evolve(row(_object(wire), kind), callbacks=_callbacks(wire)),
    )
    return converter


def _names(cls: type) -> dict[str, Any]:  # Any: a member may be named like another argument
    return {
        field.name: override(rename=_RENAMED[field.name])
        for field in attrs.fields(cls)
        if field.name in _RENAMED
    }


_CONVERTER: Final = _converter()
