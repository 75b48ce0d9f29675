"""Item ids that stay the same for ever, since deployed provisioners key on them.

Source: DESIGN section 3, "Ids"; ADR 0004.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from uuid import NAMESPACE_OID, UUID, uuid5

from cscs_domain.storage.states import Word


class IdScope(Word):
    """What kind of thing an id is for; part of the name that is hashed."""

    TENANT = "tenant"
    CUSTOMER = "customer"
    PROJECT = "project"
    USER = "user"
    STORAGE_SYSTEM = "storage_system"
    STORAGE_FILE_SYSTEM = "storage_file_system"
    STORAGE_DATA_TYPE = "storage_data_type"


class ItemIds(StrEnum):
    """How parents' rows get their ids."""

    DOCUMENTED = "documented"
    """The offering's and the customer's uuid, as spec 001 says; these repeat where one offering
    carries two data types or one customer two systems."""
    UNIQUE = "unique"
    """An id of its own for every (tenant, system, type) and (tenant, customer, system, type)."""


@lru_cache(maxsize=1 << 17)  # every refresh asks for the same ids again; more than any site has
def scoped_id(scope: IdScope, *parts: str) -> UUID:
    """The UUIDv5 of `scope:part/part/...` in the OID namespace.

    Where there are several parts they are path segments, which cannot hold a slash; so different
    parts never make one name.

    >>> scoped_id(IdScope.STORAGE_SYSTEM, "capstor") == uuid5(
    ...     NAMESPACE_OID, "storage_system:capstor"
    ... )
    True
    """
    return uuid5(NAMESPACE_OID, f"{scope}:{'/'.join(parts)}")
