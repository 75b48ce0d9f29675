"""What a storage data type means for a resource: whose directory it is.

Source: spec 001, "Storage Data Type Mapping"; DESIGN section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cscs_domain.storage.states import Word

DEFAULT_DATA_TYPE: Final = "store"


class TargetType(Word):
    """Whose directory a row describes."""

    TENANT = "tenant"
    CUSTOMER = "customer"
    PROJECT = "project"
    USER = "user"


TARGET_TYPE_OF: Final[Mapping[str, TargetType]] = MappingProxyType(
    {
        "store": TargetType.PROJECT,
        "archive": TargetType.PROJECT,
        "users": TargetType.USER,
        "scratch": TargetType.USER,
    }
)


USER_DATA_TYPES: Final = frozenset(
    data_type for data_type, target in TARGET_TYPE_OF.items() if target is TargetType.USER
)


def normal_data_type(text: str | None) -> str:
    """Trimmed and in lower case; `store` for none and for blank."""
    return (text or "").strip().lower() or DEFAULT_DATA_TYPE


def target_type_of(data_type: str) -> TargetType:
    """PROJECT or USER; a site's own data type is a project's."""
    return TARGET_TYPE_OF.get(data_type, TargetType.PROJECT)
