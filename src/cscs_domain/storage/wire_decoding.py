"""Rows read back from their wire form, strictly, with the path of every mistake.

For services and tests that use an answer or a document of ours as their source. What is right is
read without keeping book of where it stands; a row that is refused is read again with that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, get_type_hints
from uuid import UUID

import attrs
from cattrs import ClassValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import LARGEST, MOST_PLACES, parse_quantity
from cscs_domain.storage.callbacks import Callbacks
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


_CALLBACKS: Final = frozenset(CALLBACK_MEMBERS)
_REFUSALS: Final = (ValueError, TypeError, LookupError)


def row_from_wire(wire: object) -> StorageRow:
    """One row out of a decoded JSON object (numbers with a fraction as `Decimal`).

    One of `SHARED_MEMBERS` may also be the value that `member_from_wire` made of it.

    Raises `InvalidValueError` that names every member at fault.
    """
    try:
        return _QUICK.structure(wire, StorageRow)
    except _REFUSALS:
        return _row_or_reasons(wire)


def member_from_wire(member: str, wire: object) -> object:
    """What a row holds of this member: for readers who meet the same one in many rows.

    Raises `ValueError`, `TypeError` or `LookupError`; only `row_from_wire` of the whole row can
    say what is wrong.
    """
    kind = _KIND_OF_MEMBER.get(member)
    return wire if kind is None else _QUICK.structure(wire, kind)


def _row_or_reasons(wire: object) -> StorageRow:
    try:
        return _EXACT.structure(wire, StorageRow)
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
    if not value.isascii() and not is_encodable(value):
        raise ValueError(f"{where}half a surrogate pair is no text")
    return value


def _str(value: object, _type: object) -> str:
    return _text(value)


def _status(value: object, _type: object) -> Status:
    return Status(_text(value))


def _uuid(value: object, _type: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(_text(value))


def _mount_point(value: object, _type: object) -> MountPath:
    return MountPath(_text(_object(value)["default"]))


def _permission(value: object, _type: object) -> Permission:
    if isinstance(value, Permission):
        return value
    wire = _object(value)
    if wire.get("permissionType") != "octal":
        raise ValueError(f"permissionType is {shown(wire.get('permissionType'))}, not octal")
    return Permission(_text(wire["value"]))


def _quotas(value: object, _type: object) -> Quotas:
    if isinstance(value, Quotas):
        return value
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


_CLASS_OF_TARGET: Final = {target_type: cls for cls, target_type in TYPE_OF_TARGET.items()}


def _callbacks(wire: Mapping[str, object]) -> Callbacks:
    urls = {
        member: _text(wire[member], f"{member}: ") for member in CALLBACK_MEMBERS if member in wire
    }
    return Callbacks(**urls)


def _converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed)
    for kind in (int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook(str, _str)
    # The hook of `str` would otherwise take the place of its subclass's.
    converter.register_structure_hook(Status, _status)
    converter.register_structure_hook(UUID, _uuid)
    converter.register_structure_hook(MountPath, _mount_point)
    converter.register_structure_hook(Permission, _permission)
    converter.register_structure_hook(Quotas, _quotas)
    for cls in (PrimaryProject, *TYPE_OF_TARGET):
        converter.register_structure_hook(cls, _from_members(cls, converter))
    converter.register_structure_hook(StorageItem, _item_hook(converter))
    converter.register_structure_hook_func(lambda kind: kind == Target, _target_hook(converter))
    converter.register_structure_hook(StorageRow, _row_hook(converter))
    return converter


def _item_hook(converter: Converter) -> Callable[[object, object], StorageItem]:
    from_members = _from_members(StorageItem, converter)

    def item(value: object, kind: object) -> StorageItem:
        return value if isinstance(value, StorageItem) else from_members(value, kind)

    return item


def _target_hook(converter: Converter) -> Callable[[object, object], Target]:
    def target(value: object, _type: object) -> Target:
        wire = _object(value)
        cls = _CLASS_OF_TARGET[TargetType(_text(wire["targetType"]))]
        made: Target = converter.structure(wire["targetItem"], cls)
        return made

    return target


def _row_hook(converter: Converter) -> Callable[[object, object], StorageRow]:
    from_members = _from_members(StorageRow, converter, "callbacks")

    def row(value: object, kind: object) -> StorageRow:
        wire = _object(value)
        made: StorageRow = from_members(wire, kind)
        if _CALLBACKS.isdisjoint(wire):
            return made
        return attrs.evolve(made, callbacks=_callbacks(wire))

    return row


def _from_members(
    cls: type, converter: Converter, *left_out: str
) -> Callable[[Any, object], Any]:  # Any: as cattrs calls hooks, and whatever `cls` is
    special: dict[str, Any] = {  # Any: a member may be named like another argument
        field.name: override(rename=_RENAMED.get(field.name), omit=field.name in left_out)
        for field in attrs.fields(cls)
    }
    return make_dict_structure_fn(cls, converter, **special)


_EXACT: Final = _converter(detailed=True)
_QUICK: Final = _converter(detailed=False)
_KIND_OF_MEMBER: Final = {
    _RENAMED.get(name, name): kind
    for name, kind in get_type_hints(StorageRow).items()
    if name != "callbacks"
}

SHARED_MEMBERS: Final = _KIND_OF_MEMBER.keys() - {"itemId", "mountPoint", "target"}
"""The members whose values many rows share."""
