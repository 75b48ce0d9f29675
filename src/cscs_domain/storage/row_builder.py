"""Rows out of placed resources and settled branches. Source: DESIGN sections 3 and 4."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

import attrs

from cscs_domain.problems import Problem
from cscs_domain.storage.branches import Branch
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks, callbacks_for
from cscs_domain.storage.permissions import DEFAULT_PERMISSION
from cscs_domain.storage.placement import Placed
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.quota_builder import QuotaBuilder
from cscs_domain.storage.rows import RowFacts, StorageItem, StorageRow
from cscs_domain.storage.states import STATUS_OF, ResourceState
from cscs_domain.storage.target_builder import leaf_target, parent_target
from cscs_domain.storage.target_ids import IdScope, scoped_id


@attrs.define(eq=False)
class _Shared:
    """What all rows that hang on one branch have in common."""

    system: StorageItem
    file_system: StorageItem
    data_type: StorageItem
    parent_item_id: UUID | None
    facts: dict[ResourceState, RowFacts] = attrs.field(factory=dict)


@attrs.define(eq=False)
class RowBuilder:
    """Makes rows under one policy and collects what there is to say about them."""

    policy: StoragePolicy
    orders_without_callbacks: int = attrs.field(default=0, init=False)
    _quotas: QuotaBuilder = attrs.field(init=False)
    _shared: dict[Branch, _Shared] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Make the builder of quotas, which has memory and problems of its own."""
        self._quotas = QuotaBuilder(self.policy)

    @property
    def problems(self) -> list[Problem]:
        """The corrections that quotas needed so far."""
        return self._quotas.problems

    def leaf(self, placed: Placed) -> tuple[StorageRow, RowFacts]:
        """The row of a project's or user's directory."""
        resource = placed.resource
        shared = self._shared.get(placed.branch) or self._share(placed.branch)
        old_quotas, new_quotas = self._quotas.changing(resource)
        row = StorageRow(
            item_id=resource.uuid,
            status=placed.status,
            mount_point=placed.path,
            permission=resource.permission,
            system=shared.system,
            file_system=shared.file_system,
            data_type=shared.data_type,
            target=leaf_target(placed),
            quotas=self._quotas.current(resource),
            old_quotas=old_quotas,
            new_quotas=new_quotas,
            parent_item_id=shared.parent_item_id,
            callbacks=NO_CALLBACKS if resource.order is None else self._callbacks(placed),
        )
        return row, _facts(placed.branch, shared, placed.state)

    def branch(self, branch: Branch) -> tuple[StorageRow, RowFacts]:
        """The row of a tenant's or customer's directory."""
        shared = self._share(branch)
        item_id = branch.item_id(self.policy.item_ids)
        row = StorageRow(
            item_id=item_id,
            status=branch.status,
            mount_point=branch.path,
            permission=DEFAULT_PERMISSION,
            system=shared.system,
            file_system=shared.file_system,
            data_type=shared.data_type,
            target=parent_target(branch, item_id),
            parent_item_id=branch.parent.item_id(self.policy.item_ids) if branch.parent else None,
        )
        facts = RowFacts(branch.system.name, branch.data_type, branch.status, None)
        return row, facts

    def _share(self, branch: Branch) -> _Shared:
        with_parents = self.policy.mapping.with_parents
        shared = self._shared[branch] = _Shared(
            _item(IdScope.STORAGE_SYSTEM, branch.system.path_name),
            _item(IdScope.STORAGE_FILE_SYSTEM, self.policy.file_system),
            _item(IdScope.STORAGE_DATA_TYPE, branch.data_type, path=branch.data_type),
            branch.item_id(self.policy.item_ids) if with_parents else None,
        )
        return shared

    def _callbacks(self, placed: Placed) -> Callbacks:
        order, base = placed.resource.order, self.policy.callback_base
        if order is None:
            return NO_CALLBACKS
        if base is None:
            self.orders_without_callbacks += 1
            return NO_CALLBACKS
        return callbacks_for(
            base,
            order=str(order.uuid),
            order_state=order.state,
            resource=str(placed.resource.uuid),
            resource_state=placed.state,
        )


def _facts(branch: Branch, shared: _Shared, state: ResourceState) -> RowFacts:
    facts = shared.facts.get(state)
    if facts is None:
        facts = RowFacts(branch.system.name, branch.data_type, STATUS_OF[state], state)
        shared.facts[state] = facts
    return facts


@lru_cache(maxsize=1 << 8)
def _item(scope: IdScope, name: str, path: str = "") -> StorageItem:
    return StorageItem(
        item_id=scoped_id(scope, name), key=name.lower(), name=name.upper(), path=path
    )
