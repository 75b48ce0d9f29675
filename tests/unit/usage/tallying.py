"""Reports of rows as the warehouse's JSON has them, without a warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

from cscs_domain.problems import Problem, ProblemCode
from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.months import Month, Period
from cscs_domain.usage.reports import UsageReport
from cscs_domain.usage.warehouse import WarehousePage

NOVEMBER: Final = Month(2025, 11)
V1: Final = Metering(components=(Component(name="nodeHours"),))
V2: Final = Metering(components=(Component(name="nodeHours"),), profile=WarehouseProfile.V2)
SPACE: Final = Metering(
    components=(
        Component(name="storage", unit_factor=Decimal(10**9)),
        Component(name="inodes_usage"),
    ),
    profile=WarehouseProfile.V2,
    kind=UsageKind.STORAGE,
)
COSTS: Final = Metering(
    components=(Component(name="token_cost"),),
    profile=WarehouseProfile.V2,
    kind=UsageKind.INFERENCE,
)

_SAMPLES: Final = Path(__file__).parents[2] / "data" / "dwdi"


def sample(name: str) -> bytes:
    """An answer of the warehouse."""
    return (_SAMPLES / name).read_bytes()


def rows_of(text: str) -> list[object]:
    """Rows out of JSON, fractions as `Decimal`."""
    return cast("list[object]", json.loads(text, parse_float=Decimal))


def account_row(name: object = "g207", **members: object) -> dict[str, object]:
    """A row of compute usage."""
    return {"account": name, **members}


def user_row(name: object, hours: object = 1, **members: object) -> dict[str, object]:
    """A row of one user."""
    return {"username": name, "nodeHours": hours, **members}


def report_on(
    *pages: Sequence[object],
    metering: Metering = V1,
    period: Period = NOVEMBER,
    asked: Iterable[str] = ("g207",),
) -> UsageReport:
    """The report of pages that are all about the same accounts."""
    subjects = frozenset(asked)
    tally = UsageTally(metering, period, {subject: subject for subject in subjects})
    for rows in pages:
        tally.add(WarehousePage(subjects, rows))
    return tally.report()


def problems_of(report: UsageReport, code: ProblemCode) -> list[Problem]:
    """The problems of one sort."""
    return [problem for problem in report.problems if problem.code is code]


def only_problem(report: UsageReport) -> Problem:
    """The one problem of a report."""
    (problem,) = report.problems
    return problem
