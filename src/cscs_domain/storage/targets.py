"""Whose directory a row describes, as the provisioner is told. DESIGN section 3, "Targets"."""

from __future__ import annotations

from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.states import Status


@attrs.frozen(kw_only=True)
class TenantTarget:
    """The organisation that offers the storage."""

    item_id: UUID
    key: str
    name: str


@attrs.frozen(kw_only=True)
class CustomerTarget:
    """The organisation that uses the storage."""

    item_id: UUID
    key: str
    name: str


@attrs.frozen(kw_only=True)
class ProjectTarget:
    """A project's directory: owned by the project's Unix group."""

    item_id: UUID
    key: str | None
    name: str | None
    status: Status
    unix_gid: int
    active: bool


@attrs.frozen(kw_only=True)
class PrimaryProject:
    """The project whose group a user's files belong to."""

    name: str
    unix_gid: int
    active: bool


@attrs.frozen(kw_only=True)
class UserTarget:
    """A user's directory: owned by the user, in the group of the primary project."""

    item_id: UUID
    key: str | None
    name: str | None
    status: Status
    email: str
    unix_uid: int
    primary_project: PrimaryProject
    active: bool


Target: TypeAlias = TenantTarget | CustomerTarget | ProjectTarget | UserTarget

TYPE_OF_TARGET: Final[dict[type, TargetType]] = {
    TenantTarget: TargetType.TENANT,
    CustomerTarget: TargetType.CUSTOMER,
    ProjectTarget: TargetType.PROJECT,
    UserTarget: TargetType.USER,
}
