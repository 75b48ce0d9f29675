"""The fields in which two rows can differ, in words that a person can read in a table.

The table is total: rows that differ anywhere differ in at least one of these fields. So a row that
gains a member needs a field here; a test goes over all members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Word
from cscs_domain.storage.targets import UserTarget

FieldValue: TypeAlias = str | int | Decimal | UUID | None
"""What a field holds: states and types as their words, space in TB, no values of ours."""

Reader: TypeAlias = Callable[[StorageRow], FieldValue]


class RowField(Word):
    """One field of a row, the most telling first. Those that a row has not are None."""

    PATH = "path"
    GID = "gid"
    """The group that owns the directory: the project's, or that of a user's primary project."""
    UID = "uid"
    STATUS = "status"
    PERMISSION = "permission"
    SPACE_SOFT_TB = "space_soft_tb"
    SPACE_HARD_TB = "space_hard_tb"
    INODES_SOFT = "inodes_soft"
    INODES_HARD = "inodes_hard"
    SYSTEM = "system"
    """The storage system's key; likewise the file system's and the data type's below."""
    FILE_SYSTEM = "file_system"
    DATA_TYPE = "data_type"
    TARGET_TYPE = "target_type"
    TARGET_NAME = "target_name"
    TARGET_KEY = "target_key"
    TARGET_STATUS = "target_status"
    TARGET_ACTIVE = "target_active"
    EMAIL = "email"
    GROUP = "group"
    """The name of a user's primary project."""
    GROUP_ACTIVE = "group_active"
    OLD_SPACE_SOFT_TB = "old_space_soft_tb"
    OLD_SPACE_HARD_TB = "old_space_hard_tb"
    OLD_INODES_SOFT = "old_inodes_soft"
    OLD_INODES_HARD = "old_inodes_hard"
    NEW_SPACE_SOFT_TB = "new_space_soft_tb"
    NEW_SPACE_HARD_TB = "new_space_hard_tb"
    NEW_INODES_SOFT = "new_inodes_soft"
    NEW_INODES_HARD = "new_inodes_hard"
    ITEM_ID = "item_id"
    TARGET_ITEM_ID = "target_item_id"
    PARENT_ITEM_ID = "parent_item_id"
    SYSTEM_ITEM_ID = "system_item_id"
    SYSTEM_NAME = "system_name"
    SYSTEM_ACTIVE = "system_active"
    SYSTEM_PATH = "system_path"
    FILE_SYSTEM_ITEM_ID = "file_system_item_id"
    FILE_SYSTEM_NAME = "file_system_name"
    FILE_SYSTEM_ACTIVE = "file_system_active"
    FILE_SYSTEM_PATH = "file_system_path"
    DATA_TYPE_ITEM_ID = "data_type_item_id"
    DATA_TYPE_NAME = "data_type_name"
    DATA_TYPE_ACTIVE = "data_type_active"
    DATA_TYPE_PATH = "data_type_path"
    APPROVE_BY_PROVIDER_URL = "approve_by_provider_url"
    REJECT_BY_PROVIDER_URL = "reject_by_provider_url"
    SET_STATE_DONE_URL = "set_state_done_url"
    SET_STATE_ERRED_URL = "set_state_erred_url"
    SET_BACKEND_ID_URL = "set_backend_id_url"
    UPDATE_RESOURCE_OPTIONS_URL = "update_resource_options_url"
    SET_STATE_OK_URL = "set_state_ok_url"


DANGEROUS_FIELDS: Final = frozenset({RowField.PATH, RowField.GID, RowField.UID, RowField.SYSTEM})
"""Where the data of an existing row lies, and whose it is. Some mappings have paths without the
storage system, so that it can change alone."""


def _target(member: str) -> Reader:
    return lambda row: getattr(row.target, member, None)


def _group(member: str) -> Reader:
    def read(row: StorageRow) -> FieldValue:
        target = row.target
        if not isinstance(target, UserTarget):
            return None
        value: FieldValue = getattr(target.primary_project, member)
        return value

    return read


def _gid(row: StorageRow) -> FieldValue:
    target = row.target
    if isinstance(target, UserTarget):
        return target.primary_project.unix_gid
    return getattr(target, "unix_gid", None)


def _quota(quotas: str, member: str) -> Reader:
    # A row without quotas reads as None, and None has no members.
    return lambda row: getattr(getattr(row, quotas), member, None)


READERS: Final[Mapping[RowField, Reader]] = MappingProxyType(
    {
        RowField.PATH: attrgetter("mount_point.text"),
        RowField.GID: _gid,
        RowField.UID: _target("unix_uid"),
        RowField.STATUS: attrgetter("status"),
        RowField.PERMISSION: attrgetter("permission.value"),
        RowField.SPACE_SOFT_TB: _quota("quotas", "space_soft_tb"),
        RowField.SPACE_HARD_TB: _quota("quotas", "space_hard_tb"),
        RowField.INODES_SOFT: _quota("quotas", "inodes_soft"),
        RowField.INODES_HARD: _quota("quotas", "inodes_hard"),
        RowField.SYSTEM: attrgetter("system.key"),
        RowField.FILE_SYSTEM: attrgetter("file_system.key"),
        RowField.DATA_TYPE: attrgetter("data_type.key"),
        RowField.TARGET_TYPE: attrgetter("target_type"),
        RowField.TARGET_NAME: _target("name"),
        RowField.TARGET_KEY: _target("key"),
        RowField.TARGET_STATUS: _target("status"),
        RowField.TARGET_ACTIVE: _target("active"),
        RowField.EMAIL: _target("email"),
        RowField.GROUP: _group("name"),
        RowField.GROUP_ACTIVE: _group("active"),
        RowField.OLD_SPACE_SOFT_TB: _quota("old_quotas", "space_soft_tb"),
        RowField.OLD_SPACE_HARD_TB: _quota("old_quotas", "space_hard_tb"),
        RowField.OLD_INODES_SOFT: _quota("old_quotas", "inodes_soft"),
        RowField.OLD_INODES_HARD: _quota("old_quotas", "inodes_hard"),
        RowField.NEW_SPACE_SOFT_TB: _quota("new_quotas", "space_soft_tb"),
        RowField.NEW_SPACE_HARD_TB: _quota("new_quotas", "space_hard_tb"),
        RowField.NEW_INODES_SOFT: _quota("new_quotas", "inodes_soft"),
        RowField.NEW_INODES_HARD: _quota("new_quotas", "inodes_hard"),
        RowField.ITEM_ID: attrgetter("item_id"),
        RowField.TARGET_ITEM_ID: attrgetter("target.item_id"),
        RowField.PARENT_ITEM_ID: attrgetter("parent_item_id"),
        RowField.SYSTEM_ITEM_ID: attrgetter("system.item_id"),
        RowField.SYSTEM_NAME: attrgetter("system.name"),
        RowField.SYSTEM_ACTIVE: attrgetter("system.active"),
        RowField.SYSTEM_PATH: attrgetter("system.path"),
        RowField.FILE_SYSTEM_ITEM_ID: attrgetter("file_system.item_id"),
        RowField.FILE_SYSTEM_NAME: attrgetter("file_system.name"),
        RowField.FILE_SYSTEM_ACTIVE: attrgetter("file_system.active"),
        RowField.FILE_SYSTEM_PATH: attrgetter("file_system.path"),
        RowField.DATA_TYPE_ITEM_ID: attrgetter("data_type.item_id"),
        RowField.DATA_TYPE_NAME: attrgetter("data_type.name"),
        RowField.DATA_TYPE_ACTIVE: attrgetter("data_type.active"),
        RowField.DATA_TYPE_PATH: attrgetter("data_type.path"),
        RowField.APPROVE_BY_PROVIDER_URL: attrgetter("callbacks.approve_by_provider_url"),
        RowField.REJECT_BY_PROVIDER_URL: attrgetter("callbacks.reject_by_provider_url"),
        RowField.SET_STATE_DONE_URL: attrgetter("callbacks.set_state_done_url"),
        RowField.SET_STATE_ERRED_URL: attrgetter("callbacks.set_state_erred_url"),
        RowField.SET_BACKEND_ID_URL: attrgetter("callbacks.set_backend_id_url"),
        RowField.UPDATE_RESOURCE_OPTIONS_URL: attrgetter("callbacks.update_resource_options_url"),
        RowField.SET_STATE_OK_URL: attrgetter("callbacks.set_state_ok_url"),
    }
)
"""How each field is read off a row."""
