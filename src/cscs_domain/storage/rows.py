"""The rows of the answer: one directory each, with everything that a provisioner needs."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import attrs

from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.states import OrderState, OrderType, ResourceState, Status
from cscs_domain.storage.targets import TYPE_OF_TARGET, Target


@attrs.frozen(kw_only=True, cache_hash=True)
class StorageItem:
    """A storage system, file system or data type as rows name it."""

    item_id: UUID
    key: str
    name: str
    active: bool = True
    path: str = ""


class RowKey(NamedTuple):
    """What identifies a row: documented item ids alone may repeat."""

    item_id: UUID
    target_type: TargetType
    system: str
    data_type: str
    path: str


@attrs.frozen(kw_only=True)
class StorageRow:
    """One directory of the tenant → customer → project/user tree. Quotas of parents are None."""

    item_id: UUID
    status: Status
    mount_point: MountPath
    permission: Permission
    system: StorageItem
    file_system: StorageItem
    data_type: StorageItem
    target: Target
    quotas: Quotas | None = None
    old_quotas: Quotas | None = None
    new_quotas: Quotas | None = None
    parent_item_id: UUID | None = None
    callbacks: Callbacks = NO_CALLBACKS

    @property
    def target_type(self) -> TargetType:
        """Whose directory it is."""
        return TYPE_OF_TARGET[type(self.target)]

    @property
    def key(self) -> RowKey:
        """The row's identity across answers."""
        return RowKey(
            self.item_id,
            self.target_type,
            self.system.key,
            self.data_type.key,
            self.mount_point.text,
        )


@attrs.frozen
class RowFacts:
    """What filters look at. `system` is the configured name; parents have no Waldur state."""

    system: str
    data_type: str
    status: Status
    state: ResourceState | None


class ListedRow(NamedTuple):
    """A row in its place in the list, with the facts that filters look at."""

    row: StorageRow
    facts: RowFacts


@attrs.frozen(kw_only=True)
class OrderRow:
    """An order in progress and the row of its resource; None if the resource was left out."""

    order: UUID
    type: OrderType
    state: OrderState
    resource: UUID
    row: StorageRow | None
