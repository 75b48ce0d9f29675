"""What a warehouse says about accounts: the use case over `UsageWarehouse`."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cscs_domain.ports import UsageWarehouse
from cscs_domain.problems import by_urgency
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.months import Period
from cscs_domain.usage.reports import UsageReport
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_domain.usage.warehouse_subjects import MeteredAccount, subjects_of

__all__ = ["MeteredAccount", "fetch_report"]


async def fetch_report(
    warehouse: UsageWarehouse,
    metering: Metering,
    period: Period,
    accounts: Iterable[MeteredAccount],
    *,
    progress: Progress = no_progress,
) -> UsageReport:
    """The usage of these accounts in a period, exact and in Waldur's units.

    An account that the warehouse cannot be asked about, since its path or uuid is not known, is
    in the problems and nowhere else. Raises `UpstreamServiceError` if the warehouse does not
    answer. With no accounts it is not asked at all.
    """
    subjects = subjects_of(accounts, metering)
    tally = UsageTally(metering, period, subjects.accounts)
    done: set[str] = set()
    progress(Stage.FETCHING, 0, len(subjects.accounts))
    for cluster, asked in subjects.clusters.items():
        async for page in warehouse.pages(_query(metering, period, cluster, asked)):
            tally.add(page, cluster)
            done |= page.asked
            progress(Stage.FETCHING, len(done), len(subjects.accounts))
    report = tally.report()
    problems = sorted((*report.problems, *subjects.problems), key=by_urgency)
    return attrs.evolve(report, problems=tuple(problems))


def _query(
    metering: Metering, period: Period, cluster: str, asked: frozenset[str]
) -> WarehouseQuery:
    narrowed = metering.kind is UsageKind.STORAGE
    return WarehouseQuery(
        kind=metering.kind,
        period=period,
        subjects=asked,
        cluster=cluster,
        filesystem=metering.filesystem if narrowed else "",
        data_type=metering.data_type if narrowed else "",
    )
