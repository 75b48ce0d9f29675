"""Accounts that several jobs would report, so that their usage would be billed twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Kind, Metering
from cscs_domain.usage.warehouse_subjects import cluster_of


@attrs.frozen
class Claim:
    """Usage that a resource stands for: of which warehouse, which kind, where, and whose."""

    warehouse: str
    kind: Kind
    cluster: str
    account: str


def claims_of(
    warehouse: str, metering: Metering, resources: Iterable[MeteredResource]
) -> frozenset[Claim]:
    """What the resources of one job claim; `warehouse` is any name that tells warehouses apart."""
    return frozenset(
        Claim(warehouse, metering.kind, cluster_of(each.cluster, metering), each.backend_id)
        for each in resources
        if each.backend_id
    )


def accounts_elsewhere(claims: Sequence[frozenset[Claim]]) -> list[frozenset[str]]:
    """The accounts of each job that other jobs claim as well."""
    times = Counter(claim for job in claims for claim in job)
    return [frozenset(claim.account for claim in job if times[claim] > 1) for job in claims]
