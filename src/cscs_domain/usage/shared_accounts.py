"""Accounts that several jobs would report, so that their usage would be billed twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import attrs

from cscs_domain.usage.matching import fields_of
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.warehouse_subjects import MeteredAccount, cluster_of, subject_of


@attrs.frozen
class Claim:
    """One figure that a resource is billed for.

    `place` tells warehouses and Waldurs apart, `subject` is what the warehouse is asked for, and
    `fields` are where it may stand. Without a `cluster` it is the usage of all clusters.
    """

    place: str
    kind: UsageKind
    subject: str
    fields: frozenset[str]
    cluster: str
    account: str

    def overlaps(self, other: Claim) -> bool:
        """Whether both are about the same usage, once their subjects are."""
        if not self.fields & other.fields:
            return False
        return self.cluster == other.cluster or not (self.cluster and other.cluster)


def claims_of(
    place: str, metering: Metering, resources: Iterable[MeteredResource]
) -> frozenset[Claim]:
    """What the resources of one job claim; `place` is any name for warehouse and Waldur."""
    return frozenset(_claims(place, metering, resources))


def _claims(
    place: str, metering: Metering, resources: Iterable[MeteredResource]
) -> Iterator[Claim]:
    for resource in resources:
        if not resource.backend_id:
            continue
        account = MeteredAccount(resource.backend_id, resource.cluster, resource.uuid)
        subject = subject_of(account, metering)
        if subject is None:
            continue
        for fields in fields_of(metering):
            yield Claim(
                place=place,
                kind=metering.kind,
                subject=subject,
                fields=frozenset(fields.in_rows),
                cluster=cluster_of(resource.cluster, metering),
                account=resource.backend_id,
            )


def accounts_elsewhere(claims: Sequence[frozenset[Claim]]) -> list[frozenset[str]]:
    """The accounts of each job whose usage other jobs claim as well."""
    holders: defaultdict[tuple[object, ...], list[tuple[int, Claim]]] = defaultdict(list)
    for job, of_job in enumerate(claims):
        for claim in of_job:
            key = (claim.place, claim.kind, claim.subject)
            holders[key].append((job, claim))
    elsewhere: list[set[str]] = [set() for _ in claims]
    for them in holders.values():
        for job, claim in them:
            if any(job != another and claim.overlaps(other) for another, other in them):
                elsewhere[job].add(claim.account)
    return [frozenset(accounts) for accounts in elsewhere]
