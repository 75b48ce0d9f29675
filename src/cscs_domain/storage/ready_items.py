"""Target items that another system left in a resource's `backend_metadata`. DESIGN section 3."""

from __future__ import annotations

from collections.abc import Mapping

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import parse_unix_id
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.field_parsers import (
    Fault,
    Faults,
    malformed,
    mapping,
    optional_text,
    optional_uuid,
)
from cscs_domain.storage.resources import NOTHING_READY, ReadyItem
from cscs_domain.storage.states import Status


def parse_ready_item(metadata: object, target_type: TargetType, faults: Faults) -> ReadyItem:
    """The item under `project_item` or `user_item`, whichever counts; an empty one for none.

    The metadata itself is free-form and may be any JSON: only our key in an object counts. An item
    that is there but malformed is a fault, for it decides who owns a directory.
    """
    if not metadata or not isinstance(metadata, Mapping):
        return NOTHING_READY
    key = f"{target_type}_item"
    if metadata.get(key) is None:
        return NOTHING_READY
    item = mapping(metadata[key], key, faults)
    primary = mapping(item.get("primaryProject"), f"{key}.primaryProject", faults)
    gid = item.get("unixGid")
    group = optional_text(primary.get("name"), f"{key}.primaryProject.name", faults)
    return ReadyItem(
        item_id=optional_uuid(item.get("itemId"), f"{key}.itemId", faults),
        key=optional_text(item.get("key"), f"{key}.key", faults) or None,
        name=optional_text(item.get("name"), f"{key}.name", faults) or None,
        status=_status(item.get("status"), key, faults),
        active=_flag(item.get("active"), key, faults),
        unix_gid=_unix_id(primary.get("unixGid") if gid is None else gid, key, faults),
        unix_uid=_unix_id(item.get("unixUid"), key, faults),
        email=optional_text(item.get("email"), f"{key}.email", faults) or None,
        primary_project=group or None,
    )


def _status(value: object, key: str, faults: Faults) -> Status | None:
    if value is None:
        return None
    try:
        return Status(optional_text(value, f"{key}.status", faults))
    except ValueError:
        faults.append(malformed(f"{key}.status", value, "a status"))
        return None


def _flag(value: object, key: str, faults: Faults) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    faults.append(malformed(f"{key}.active", value, "true or false"))
    return None


def _unix_id(value: object, key: str, faults: Faults) -> int | None:
    if value is None:
        return None
    try:
        return parse_unix_id(value)
    except InvalidValueError as error:
        faults.append(Fault(ProblemCode.BAD_IDENTITY, f"{key}: {error}"))
        return None
