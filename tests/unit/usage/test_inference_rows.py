"""Costs of inference by Waldur resource: DWDI contract, section 4.3."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.problems import ProblemCode
from tests.unit.usage.tallying import COSTS, only_problem, report_on

UUID_TEXT = "3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207"


def cost(total: object, resource: object = UUID_TEXT) -> object:
    return {"waldurResourceUuid": resource, "totalCost": total}


def test_rows_of_one_resource_are_added_up_in_any_form_of_its_uuid() -> None:
    forms = [UUID_TEXT, UUID_TEXT.upper(), UUID_TEXT.replace("-", "")]

    report = report_on(
        [cost(Decimal("0.5"), form) for form in forms], metering=COSTS, asked=[UUID_TEXT]
    )

    assert report.accounts[UUID_TEXT].totals == {"token_cost": Decimal("1.5")}
    assert not report.accounts[UUID_TEXT].users
    assert not report.problems


def test_a_cost_of_zero_stays() -> None:
    report = report_on([cost(0)], metering=COSTS, asked=[UUID_TEXT])

    assert report.accounts[UUID_TEXT].totals == {"token_cost": 0}
    assert report.unknown == frozenset()


@pytest.mark.parametrize("resource", [None, "", 7], ids=repr)
def test_costs_of_no_resource_are_skipped(resource: object) -> None:
    report = report_on([cost(1, resource), cost(2)], metering=COSTS, asked=[UUID_TEXT])

    assert only_problem(report).code is ProblemCode.UNNAMED_USAGE
    assert report.accounts[UUID_TEXT].totals == {"token_cost": 2}


@pytest.mark.parametrize("resource", ["no-uuid", "0" * 32], ids=repr)
def test_costs_of_others_are_skipped(resource: str) -> None:
    report = report_on([cost(1, resource), cost(2)], metering=COSTS, asked=[UUID_TEXT])

    assert only_problem(report).code is ProblemCode.UNASKED_ACCOUNT
    assert report.accounts[UUID_TEXT].totals == {"token_cost": 2}
