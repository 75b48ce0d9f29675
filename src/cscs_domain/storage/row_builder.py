"""Rows out of placed resources and settled branches. Source: DESIGN sections 3 and 4."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import attrs

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.quantities import exact_product
from cscs_domain.storage.branches import Branch
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks, callbacks_for
from cscs_domain.storage.permissions import DEFAULT_PERMISSION
from cscs_domain.storage.placement import Placed
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.quotas import NO_OVERRIDES, QuotaOverrides, Quotas
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.rows import ListedRow, RowFacts, StorageItem, StorageRow
from cscs_domain.storage.states import OrderType, ResourceState, Status
from cscs_domain.storage.target_builder import leaf_target, parent_target
from cscs_domain.storage.target_ids import IdScope, scoped_id


@attrs.frozen
class _Items:
    """The three items that all rows of one system and data type share."""

    system: StorageItem
    file_system: StorageItem
    data_type: StorageItem


@attrs.define(eq=False)
class RowBuilder:
    """Makes rows under one policy, collects the doubts, and shares what rows have in common."""

    policy: StoragePolicy
    problems: list[Problem] = attrs.field(factory=list, init=False)
    orders_without_callbacks: int = attrs.field(default=0, init=False)
    _items: dict[tuple[str, str], _Items] = attrs.field(factory=dict, init=False)
    _facts: dict[tuple[str, str, Status, ResourceState | None], RowFacts] = attrs.field(
        factory=dict, init=False
    )
    _plain_quotas: dict[Decimal, Quotas | None] = attrs.field(factory=dict, init=False)

    def leaf(self, placed: Placed) -> ListedRow:
        """The row of a project's or user's directory."""
        resource, branch = placed.resource, placed.branch
        status = placed.status
        items = self._items_for(branch.system, branch.data_type)
        old_quotas, new_quotas = self._changing_quotas(resource)
        row = StorageRow(
            item_id=resource.uuid,
            status=status,
            mount_point=placed.path,
            permission=resource.permission,
            system=items.system,
            file_system=items.file_system,
            data_type=items.data_type,
            target=leaf_target(placed),
            quotas=self._quotas(resource, resource.limit, resource.overrides, "quotas"),
            old_quotas=old_quotas,
            new_quotas=new_quotas,
            parent_item_id=self._parent_id(branch),
            callbacks=self._callbacks(placed),
        )
        return ListedRow(row, self._facts_for(branch, status, placed.state))

    def branch(self, branch: Branch) -> ListedRow:
        """The row of a tenant's or customer's directory."""
        item_id = branch.item_id(self.policy.item_ids)
        items = self._items_for(branch.system, branch.data_type)
        row = StorageRow(
            item_id=item_id,
            status=branch.status,
            mount_point=branch.path,
            permission=DEFAULT_PERMISSION,
            system=items.system,
            file_system=items.file_system,
            data_type=items.data_type,
            target=parent_target(branch, item_id),
            parent_item_id=branch.parent and branch.parent.item_id(self.policy.item_ids),
        )
        return ListedRow(row, self._facts_for(branch, branch.status, None))

    def _parent_id(self, branch: Branch) -> UUID | None:
        return branch.item_id(self.policy.item_ids) if self.policy.mapping.with_parents else None

    def _quotas(
        self, resource: Resource, limit: Decimal | None, overrides: QuotaOverrides, member: str
    ) -> Quotas | None:
        if overrides is NO_OVERRIDES and limit is not None:
            if limit not in self._plain_quotas:
                self._plain_quotas[limit] = self._derived(resource, limit, overrides, member)
            return self._plain_quotas[limit]
        return self._derived(resource, limit, overrides, member)

    def _derived(
        self, resource: Resource, limit: Decimal | None, overrides: QuotaOverrides, member: str
    ) -> Quotas | None:
        limit_tb = None if limit is None else exact_product(limit, self.policy.unit_factor)
        derived = self.policy.quotas.derive(limit_tb, overrides)
        if derived is None:
            return None
        self.problems += [
            Problem(
                ProblemCode.QUOTA_CORRECTED,
                Severity.WARNING,
                f"{member}: {correction}",
                "Correct the quota options of the resource.",
                resource=str(resource.uuid),
            )
            for correction in derived.corrections
        ]
        return derived.quotas

    def _changing_quotas(self, resource: Resource) -> tuple[Quotas | None, Quotas | None]:
        """Before and after of an update; what the order leaves untouched is the resource's."""
        order = resource.order
        if order is None or order.type is not OrderType.UPDATE:
            return None, None
        return (
            self._quotas(
                resource,
                resource.limit if order.old_limit is None else order.old_limit,
                resource.overrides if order.old_overrides is None else order.old_overrides,
                "oldQuotas",
            ),
            self._quotas(
                resource,
                resource.limit if order.limit is None else order.limit,
                resource.overrides if order.overrides is None else order.overrides,
                "newQuotas",
            ),
        )

    def _callbacks(self, placed: Placed) -> Callbacks:
        order = placed.resource.order
        if order is None:
            return NO_CALLBACKS
        if self.policy.callback_base is None:
            self.orders_without_callbacks += 1
            return NO_CALLBACKS
        return callbacks_for(
            self.policy.callback_base,
            order=str(order.uuid),
            order_state=order.state,
            resource=str(placed.resource.uuid),
            resource_state=placed.state,
        )

    def _items_for(self, system: StorageSystem, data_type: str) -> _Items:
        key = (system.path_name, data_type)
        items = self._items.get(key)
        if items is None:
            file_system = self.policy.file_system
            items = self._items[key] = _Items(
                _item(IdScope.STORAGE_SYSTEM, system.path_name),
                _item(IdScope.STORAGE_FILE_SYSTEM, file_system),
                _item(IdScope.STORAGE_DATA_TYPE, data_type, path=data_type),
            )
        return items

    def _facts_for(
        self, branch: Branch, status: Status, state: ResourceState | None
    ) -> RowFacts:
        key = (branch.system.name, branch.data_type, status, state)
        facts = self._facts.get(key)
        if facts is None:
            facts = self._facts[key] = RowFacts(*key)
        return facts


@lru_cache(maxsize=1 << 8)
def _item(scope: IdScope, name: str, path: str = "") -> StorageItem:
    return StorageItem(
        item_id=scoped_id(scope, name), key=name.lower(), name=name.upper(), path=path
    )
