"""The target of a row: who the directory is for. Source: DESIGN section 3, "Targets"."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from cscs_domain.storage.branches import Branch
from cscs_domain.storage.placement import Placed
from cscs_domain.storage.states import Status
from cscs_domain.storage.target_ids import IdScope, scoped_id
from cscs_domain.storage.targets import (
    CustomerTarget,
    PrimaryProject,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)

# Looked up once: reaching a member of an enum costs as much as calling a small function.
_ACTIVE: Final = Status.ACTIVE
_PROJECT: Final = IdScope.PROJECT
_USER: Final = IdScope.USER


def leaf_target(placed: Placed) -> Target:
    """The project or user of a resource; a ready-made item wins wherever it says something."""
    slug, ready, owner = placed.resource.slug, placed.ready, placed.owner
    status = placed.status
    is_active = status is _ACTIVE if ready.active is None else ready.active
    if owner.uid is None:
        return ProjectTarget(
            item_id=ready.item_id or scoped_id(_PROJECT, slug),
            key=ready.key,
            name=ready.name or slug,
            status=ready.status or status,
            unix_gid=owner.gid,
            active=is_active,
        )
    return UserTarget(
        item_id=ready.item_id or scoped_id(_USER, slug),
        key=ready.key,
        name=ready.name,
        status=ready.status or status,
        email=owner.email,
        unix_uid=owner.uid,
        primary_project=PrimaryProject(name=owner.group, unix_gid=owner.gid, active=is_active),
        active=is_active,
    )


def parent_target(branch: Branch, item_id: UUID) -> Target:
    """The tenant or customer of a branch; the item has its row's id."""
    if branch.parent is None:
        return TenantTarget(item_id=item_id, key=branch.slug, name=branch.name)
    return CustomerTarget(item_id=item_id, key=branch.slug, name=branch.name)
