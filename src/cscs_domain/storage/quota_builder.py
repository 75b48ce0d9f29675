"""A resource's quotas now, and before and after an update. Source: DESIGN section 3, "Quotas"."""

from __future__ import annotations

from decimal import Decimal

import attrs

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.quantities import exact_product
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.quotas import NO_OVERRIDES, QuotaOverrides, Quotas
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.states import OrderType


@attrs.define(eq=False)
class QuotaBuilder:
    """Derives quotas under one policy and collects the corrections that were needed."""

    policy: StoragePolicy
    problems: list[Problem] = attrs.field(factory=list, init=False)
    # Sites sell few sizes: resources of one size share their quotas, which are encoded once.
    _of_size: dict[Decimal, Quotas] = attrs.field(factory=dict, init=False)

    def current(self, resource: Resource) -> Quotas | None:
        """What the resource has."""
        return self._quotas(resource, resource.limit, resource.overrides, "quotas")

    def changing(self, resource: Resource) -> tuple[Quotas | None, Quotas | None]:
        """Before and after of an update; what the order leaves untouched is the resource's."""
        order = resource.order
        if order is None or order.type is not OrderType.UPDATE:
            return None, None
        old_limit = resource.limit if order.old_limit is None else order.old_limit
        old_overrides = resource.overrides.with_changes(order.old_overrides)
        new_limit = resource.limit if order.limit is None else order.limit
        new_overrides = resource.overrides.with_changes(order.overrides)
        return (
            self._quotas(resource, old_limit, old_overrides, "oldQuotas"),
            self._quotas(resource, new_limit, new_overrides, "newQuotas"),
        )

    def _quotas(
        self, resource: Resource, limit: Decimal | None, overrides: QuotaOverrides, member: str
    ) -> Quotas | None:
        if overrides is not NO_OVERRIDES or limit is None:
            return self._derived(resource, limit, overrides, member)
        known = self._of_size.get(limit)
        if known is None:
            known = self._derived(resource, limit, overrides, member)
            if known is not None:
                self._of_size[limit] = known
        return known

    def _derived(
        self, resource: Resource, limit: Decimal | None, overrides: QuotaOverrides, member: str
    ) -> Quotas | None:
        limit_tb = None if limit is None else exact_product(limit, self.policy.unit_factor)
        derived = self.policy.quotas.derive(limit_tb, overrides)
        if derived is None:
            return None
        self.problems += [_corrected(resource, member, what) for what in derived.corrections]
        return derived.quotas


def _corrected(resource: Resource, member: str, correction: str) -> Problem:
    return Problem(
        ProblemCode.QUOTA_CORRECTED,
        Severity.WARNING,
        f"{member}: {correction}",
        "Correct the quota options of the resource.",
        resource=str(resource.uuid),
    )
