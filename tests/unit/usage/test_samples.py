"""Every figure about the warehouse that the samples' list of expected values names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest

from cscs_domain.problems import ProblemCode
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.months import Days, Period
from cscs_domain.usage.reports import UsageReport, report_to_wire
from cscs_json import decode_usage_rows
from tests.unit.usage.tallying import (
    COSTS,
    NOVEMBER,
    SPACE,
    V1,
    V2,
    problems_of,
    report_on,
    sample,
)

ACCOUNTS = ("g207", "g118", "lp05")
FOLDER = "/capstor/store/cscs/uni-example"


def report_of(
    name: str,
    metering: Metering = V1,
    period: Period = NOVEMBER,
    asked: Iterable[str] = ACCOUNTS,
) -> UsageReport:
    rows = decode_usage_rows(sample(name), metering.kind.value)
    return report_on(rows, metering=metering, period=period, asked=asked)


def hours(**figures: str) -> dict[str, dict[str, Decimal]]:
    return {name: {"nodeHours": Decimal(figure)} for name, figure in figures.items()}


def test_the_month() -> None:
    report = report_of("dwdi_usage_month_multiaccount.json")

    assert report_to_wire(report) == {
        "g207": hours(
            TOTAL_ACCOUNT_USAGE="1292.97", anovak="1292.34", bkeller="0.63", dsvoboda="0.01"
        ),
        "g118": hours(TOTAL_ACCOUNT_USAGE="656.13", bkeller="655.38"),
        "lp05": hours(TOTAL_ACCOUNT_USAGE="2.68", cmueller="2.68"),
    }
    assert not report.problems


@pytest.mark.parametrize(
    ("account", "users", "unattributed"),
    [("g207", "1292.98", "0.0000"), ("g118", "655.38", "0.750"), ("lp05", "2.68", "0.000")],
)
def test_what_the_month_leaves_unattributed(account: str, users: str, unattributed: str) -> None:
    usage = report_of("dwdi_usage_month_multiaccount.json").accounts[account]

    rounded = sum(to_cents(amounts["nodeHours"]) for amounts in usage.users.values())
    assert rounded == Decimal(users)
    assert usage.unattributed("nodeHours") == Decimal(unattributed)


def test_the_day() -> None:
    day = date(2025, 11, 19)

    report = report_of("dwdi_usage_day_multiaccount.json", period=Days(day, day))

    assert report_to_wire(report) == {
        "g118": hours(TOTAL_ACCOUNT_USAGE="52", bkeller="52"),
        "g207": hours(TOTAL_ACCOUNT_USAGE="11.6", anovak="11", bkeller="0.6"),
        "lp05": hours(TOTAL_ACCOUNT_USAGE="2", cmueller="2"),
    }
    assert not report.problems


def test_the_same_day_is_outside_the_next_one() -> None:
    day = date(2025, 11, 20)

    report = report_of("dwdi_usage_day_multiaccount.json", period=Days(day, day))

    assert {problem.resource for problem in problems_of(report, ProblemCode.OUTSIDE_PERIOD)} == {
        *ACCOUNTS
    }


def test_the_month_of_one_cluster() -> None:
    report = report_of("dwdi_compute_usage_month_account.json", V2)

    assert report_to_wire(report) == {
        "g207": hours(TOTAL_ACCOUNT_USAGE="1204.33", anovak="1204.33"),
        "g118": hours(TOTAL_ACCOUNT_USAGE="640.25", bkeller="640.25"),
        "lp05": hours(TOTAL_ACCOUNT_USAGE="0"),
    }
    assert report.unknown == {"lp05"}


def test_storage() -> None:
    paths = [f"{FOLDER}/{account}" for account in ACCOUNTS]

    report = report_of("dwdi_storage_usage_month.json", SPACE, asked=paths)

    totals = {
        path.rpartition("/")[2]: figures["TOTAL_ACCOUNT_USAGE"]
        for path, figures in report_to_wire(report).items()
    }
    assert totals == {
        "g207": {"storage": 5, "inodes_usage": 1001},
        "lp05": {"storage": Decimal("123456.79"), "inodes_usage": 98765432},
        "g118": {"storage": 0, "inodes_usage": 0},
    }
    assert [(problem.code, problem.resource) for problem in report.problems] == [
        (ProblemCode.DUPLICATE_READING, f"{FOLDER}/g207"),
        (ProblemCode.UNNAMED_USAGE, None),
    ]


def test_inference() -> None:
    resources = ("3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207", "c0ffee00-0000-4111-9999-000000000905")

    report = report_of("dwdi_inference_cost.json", COSTS, asked=resources)

    assert [figures["TOTAL_ACCOUNT_USAGE"] for figures in report_to_wire(report).values()] == [
        {"token_cost": Decimal("17.43")},
        {"token_cost": 0},
    ]
    assert [problem.code for problem in report.problems] == [ProblemCode.UNNAMED_USAGE]


def test_the_awkward_file() -> None:
    report = report_of("dwdi_awkward.json", asked=[*ACCOUNTS, "s1300", "x1"])

    assert report_to_wire(report) == {
        "g207": hours(TOTAL_ACCOUNT_USAGE="15", anovak="12", bkeller="3"),
        "g118": hours(TOTAL_ACCOUNT_USAGE="0"),
        "lp05": hours(TOTAL_ACCOUNT_USAGE="12.5", çmüller="-1.25", cmueller="0", ghost01="0"),
        "s1300": hours(TOTAL_ACCOUNT_USAGE="1"),
        "x1": hours(TOTAL_ACCOUNT_USAGE="4"),
    }
    assert {name: set(usage.doubts) for name, usage in report.accounts.items() if usage.doubts} == {
        "lp05": {"nodeHours"}
    }


def test_what_is_said_about_the_awkward_file() -> None:
    report = report_of("dwdi_awkward.json", asked=[*ACCOUNTS, "s1300", "x1"])

    assert [(str(p.severity), p.code.value, p.resource) for p in report.problems] == [
        ("warning", "ambiguous_amount", "s1300"),
        ("warning", "missing_amount", "g118"),
        ("warning", "negative_usage", "lp05"),
        ("warning", "reserved_user", "lp05"),
        ("warning", "unnamed_usage", None),
        ("warning", "unnamed_usage", "lp05"),
        ("info", "missing_amount", "lp05"),
        ("info", "unasked_account", "not-asked"),
    ]


def test_one_amount_that_nobody_can_read_leaves_the_rest() -> None:
    body = sample("dwdi_usage_month_multiaccount.json").replace(b"656.125", b"NaN")

    report = report_on(decode_usage_rows(body, "compute"), asked=ACCOUNTS)

    assert report.accounts["g118"].doubts.keys() == {"nodeHours"}
    assert report_to_wire(report)["g207"]["TOTAL_ACCOUNT_USAGE"] == {
        "nodeHours": Decimal("1292.97")
    }
