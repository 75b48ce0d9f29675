"""Rows as a tree would list them, made directly from values."""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import QuotaPolicy, Quotas
from cscs_domain.storage.rows import ListedRow, RowFacts, StorageItem, StorageRow
from cscs_domain.storage.states import ResourceState, Status
from cscs_domain.storage.targets import (
    CustomerTarget,
    PrimaryProject,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)

TEN_TB: Final = QuotaPolicy().quotas(Decimal(10))
TWENTY_TB: Final = QuotaPolicy().quotas(Decimal(20))


def uid(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def item(name: str) -> StorageItem:
    return StorageItem(item_id=uid(f"item:{name}"), key=name, name=name.upper())


def listed(
    target: Target,
    path: str,
    *,
    parent: UUID | None = None,
    status: Status = Status.ACTIVE,
    state: ResourceState | None = None,
    data_type: str = "store",
    quotas: Quotas | None = None,
    change: tuple[Quotas | None, Quotas | None] = (None, None),
    callbacks: Callbacks = NO_CALLBACKS,
) -> ListedRow:
    """One row on the system `capstor`."""
    row = StorageRow(
        item_id=target.item_id,
        status=status,
        mount_point=MountPath(path),
        permission=Permission("2770"),
        system=item("capstor"),
        file_system=item("lustre"),
        data_type=item(data_type),
        target=target,
        quotas=quotas,
        old_quotas=change[0],
        new_quotas=change[1],
        parent_item_id=parent,
        callbacks=callbacks,
    )
    return ListedRow(row, RowFacts("capstor", data_type, status, state))


def tenant(slug: str = "cscs", name: str = "CSCS", item_id: UUID | None = None) -> TenantTarget:
    return TenantTarget(item_id=item_id or uid(f"tenant:{slug}"), key=slug, name=name)


def customer(slug: str = "uni", name: str = "University") -> CustomerTarget:
    return CustomerTarget(item_id=uid(f"customer:{slug}"), key=slug, name=name)


def project(name: str = "res-1", gid: int = 30500) -> ProjectTarget:
    return ProjectTarget(
        item_id=uid(f"project:{name}"),
        key=None,
        name=name,
        status=Status.ACTIVE,
        unix_gid=gid,
        active=True,
    )


def user(email: str = "ada@example.org") -> UserTarget:
    return UserTarget(
        item_id=uid(f"user:{email}"),
        key=None,
        name=None,
        status=Status.ACTIVE,
        email=email,
        unix_uid=20001,
        primary_project=PrimaryProject(name="p1", unix_gid=30500, active=True),
        active=True,
    )


def small_site() -> list[ListedRow]:
    """One tenant in two data types, with the same item ids in both, as documented ids are."""
    return [
        *(
            listed(tenant(), f"/capstor/{data_type}/cscs", data_type=data_type)
            for data_type in ("archive", "store")
        ),
        *(
            listed(
                customer(),
                f"/capstor/{data_type}/cscs/uni",
                parent=tenant().item_id,
                data_type=data_type,
            )
            for data_type in ("archive", "store")
        ),
        _small_project("archive", "old-results"),
        _small_project("store", "results"),
        _small_project("store", "drafts", Status.PENDING),
    ]


def _small_project(data_type: str, name: str, status: Status = Status.ACTIVE) -> ListedRow:
    return listed(
        project(name),
        f"/capstor/{data_type}/cscs/uni/{name}",
        parent=customer().item_id,
        status=status,
        data_type=data_type,
        quotas=TEN_TB,
    )
