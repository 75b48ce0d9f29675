"""Target items that another system left in a resource's `backend_metadata`. DESIGN section 3."""

from __future__ import annotations

from collections.abc import Mapping

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import parse_unix_id
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.field_parsers import (
    FieldFault,
    malformed,
    mapping,
    optional_text,
    optional_uuid,
)
from cscs_domain.storage.resources import ReadyItem
from cscs_domain.storage.states import Status


def parse_ready_item(metadata: object, key: str) -> ReadyItem | None:
    """The item under `project_item` or `user_item`, None if there is none.

    The metadata itself is free-form and may be any JSON: only our key in an object counts. An item
    that is there but malformed raises `FieldFault`, for it decides who owns a directory.
    """
    if not metadata or not isinstance(metadata, Mapping) or metadata.get(key) is None:
        return None
    item = mapping(metadata[key], key)
    primary = mapping(item.get("primaryProject"), f"{key}.primaryProject")
    return ReadyItem(
        item_id=optional_uuid(item.get("itemId"), f"{key}.itemId"),
        key=optional_text(item.get("key"), f"{key}.key") or None,
        name=optional_text(item.get("name"), f"{key}.name") or None,
        status=_status(item.get("status"), key),
        active=_flag(item.get("active"), key),
        unix_gid=_unix_id(item.get("unixGid", primary.get("unixGid")), key),
        unix_uid=_unix_id(item.get("unixUid"), key),
        email=optional_text(item.get("email"), f"{key}.email") or None,
        primary_project=optional_text(primary.get("name"), f"{key}.primaryProject.name") or None,
    )


def _status(value: object, key: str) -> Status | None:
    if value is None:
        return None
    try:
        return Status(optional_text(value, f"{key}.status"))
    except ValueError:
        raise malformed(f"{key}.status", value, "a status") from None


def _flag(value: object, key: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise malformed(f"{key}.active", value, "true or false")


def _unix_id(value: object, key: str) -> int | None:
    if value is None:
        return None
    try:
        return parse_unix_id(value)
    except InvalidValueError as error:
        raise FieldFault(ProblemCode.BAD_IDENTITY, f"{key}: {error}") from None
