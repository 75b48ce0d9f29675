"""Readings of storage: a gauge by path. DWDI contract, sections 4.2, 5 and 6."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from tests.unit.usage.tallying import SPACE, only_problem, problems_of, report_on

PATH = "/capstor/store/cscs/uni-example/g207"


def reading(space: object = 5_000_000_000, path: object = PATH, **more: object) -> object:
    return {"path": path, "spaceUsed": space, **more}


def test_space_is_divided_by_its_factor() -> None:
    report = report_on([reading(inodesUsed=1000)], metering=SPACE, asked=[PATH])

    assert report.accounts[PATH].totals == {"storage": 5, "inodes_usage": 1000}
    assert not report.accounts[PATH].users
    assert not report.problems


def test_a_factor_may_be_told_to_multiply() -> None:
    component = Component(
        name="storage", unit_factor=Decimal("1E-9"), factor_semantics=Factoring.MULTIPLY
    )
    metering = Metering(
        components=(component,), profile=WarehouseProfile.V2, kind=UsageKind.STORAGE
    )

    report = report_on([reading()], metering=metering, asked=[PATH])

    assert report.accounts[PATH].totals == {"storage": 5}


def test_the_factor_for_reporting_goes_first() -> None:
    component = Component(name="storage", unit_factor_reporting=Decimal(10**12))
    metering = Metering(
        components=(component,), profile=WarehouseProfile.V2, kind=UsageKind.STORAGE
    )

    report = report_on([reading()], metering=metering, asked=[PATH])

    assert report.accounts[PATH].totals == {"storage": Decimal("0.005")}


def test_the_last_reading_of_a_path_counts() -> None:
    pages = [[reading(1, inodesUsed=9), reading(2)], [reading(5_000_000_000)]]

    report = report_on(*pages, metering=SPACE, asked=[PATH])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.DUPLICATE_READING, Severity.WARNING)
    assert problem.resource == PATH
    assert "2 more readings" in problem.message
    assert report.accounts[PATH].totals == {"storage": 5, "inodes_usage": 0}


def test_what_was_wrong_with_an_earlier_reading_does_not_matter() -> None:
    report = report_on([reading("much"), reading()], metering=SPACE, asked=[PATH])

    assert not problems_of(report, ProblemCode.BAD_AMOUNT)
    assert not report.accounts[PATH].doubts


def test_an_unreadable_reading_holds_its_component_back() -> None:
    report = report_on([reading("much", inodesUsed=7)], metering=SPACE, asked=[PATH])

    assert only_problem(report).code is ProblemCode.BAD_AMOUNT
    assert set(report.accounts[PATH].doubts) == {"storage"}
    assert report.accounts[PATH].totals == {"storage": 0, "inodes_usage": 7}


@pytest.mark.parametrize("path", [None, "", 7], ids=repr)
def test_readings_of_no_path_are_skipped(path: object) -> None:
    report = report_on([reading(path=path), reading(inodesUsed=0)], metering=SPACE, asked=[PATH])

    assert only_problem(report).code is ProblemCode.UNNAMED_USAGE
    assert report.rows == 1


def test_a_reading_of_another_day_is_skipped() -> None:
    rows = [reading(usageDate="2025-11-30", inodesUsed=1), reading(1, usageDate="2025-12-01")]

    report = report_on(rows, metering=SPACE, asked=[PATH])

    assert only_problem(report).code is ProblemCode.OUTSIDE_PERIOD
    assert report.accounts[PATH].totals == {"storage": 5, "inodes_usage": 1}


def test_the_documented_name_that_matches_nothing_is_said() -> None:
    metering = Metering(
        components=(Component(name="storage_inodes"),),
        profile=WarehouseProfile.V2,
        kind=UsageKind.STORAGE,
    )

    report = report_on([reading(inodesUsed=7)], metering=metering, asked=[PATH])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.UNMATCHED_COMPONENT, Severity.WARNING)
