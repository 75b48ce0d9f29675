"""Rows of compute usage, added up: DWDI contract, sections 4.1, 8 and 12."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.metering import Metering, WarehouseProfile
from cscs_domain.usage.months import Days
from cscs_domain.usage.warehouse import WarehousePage
from tests.unit.usage.tallying import (
    NOVEMBER,
    V1,
    V2,
    account_row,
    only_problem,
    problems_of,
    report_on,
    user_row,
)


def test_rows_of_one_account_and_of_one_user_are_added_up() -> None:
    first = account_row(accountNodeHours=10, users=[user_row("anovak", 10)])
    second = account_row(
        accountNodeHours=Decimal("5.5"), users=[user_row("anovak", 2), user_row("bkeller", 3)]
    )

    report = report_on([first], [second])

    usage = report.accounts["g207"]
    assert usage.totals == {"nodeHours": Decimal("15.5")}
    assert usage.users == {"anovak": {"nodeHours": 12}, "bkeller": {"nodeHours": 3}}
    assert usage.unattributed("nodeHours") == Decimal("0.5")
    assert (report.rows, report.problems) == (2, ())


def test_one_user_on_two_clusters_is_one_user() -> None:
    users = [user_row("anovak", 3, cluster="daint"), user_row("anovak", 8, cluster="eiger")]

    report = report_on([account_row(accountNodeHours=11, users=users)])

    assert report.accounts["g207"].users == {"anovak": {"nodeHours": 11}}


def test_every_component_is_in_every_figure() -> None:
    metering = Metering(components=(Component(name="nodeHours"), Component(name="cpuHours")))
    row = account_row(
        accountNodeHours=2, accountCpuHours=64, users=[user_row("anovak", cpuHours=32)]
    )

    usage = report_on([row, account_row(users=[user_row("dsvoboda")])], metering=metering)

    assert usage.accounts["g207"].totals == {"nodeHours": 2, "cpuHours": 64}
    assert usage.accounts["g207"].users["anovak"] == {"nodeHours": 1, "cpuHours": 32}
    assert usage.accounts["g207"].users["dsvoboda"] == {"nodeHours": 1, "cpuHours": 0}


@pytest.mark.parametrize("users", [{}, {"users": None}, {"users": []}], ids=str)
def test_an_account_may_have_no_users(users: dict[str, object]) -> None:
    report = report_on([account_row(accountNodeHours=3, **users)])

    assert not report.accounts["g207"].users
    assert not report.problems


@pytest.mark.parametrize("users", ["anovak", 7, {"anovak": 1}, False], ids=repr)
def test_users_that_are_no_list_hold_the_account_back(users: object) -> None:
    report = report_on([account_row(accountNodeHours=3, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MALFORMED_RECORD, Severity.ERROR)
    assert problem.resource == "g207"
    assert report.accounts["g207"].doubts == {"nodeHours": "its users are not readable"}
    assert report.accounts["g207"].totals == {"nodeHours": 3}


@pytest.mark.parametrize("name", [None, "", 7, ["g207"], False], ids=repr)
def test_rows_without_an_account_are_skipped_and_counted(name: object) -> None:
    report = report_on([account_row(name, accountNodeHours=7), {"accountNodeHours": 7}])

    (problem,) = problems_of(report, ProblemCode.UNNAMED_USAGE)
    assert problem.severity is Severity.WARNING
    assert problem.message.startswith("2 rows")
    assert report.rows == 0
    assert not report.accounts


@pytest.mark.parametrize("name", [None, "", "  ", 7, ["anovak"]], ids=repr)
def test_rows_without_a_username_are_skipped_and_their_usage_is_unattributed(name: object) -> None:
    users = [user_row(name, 4), {"nodeHours": 2}, user_row("anovak", 1)]

    report = report_on([account_row(accountNodeHours=7, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.resource) == (ProblemCode.UNNAMED_USAGE, "g207")
    assert problem.message.startswith("2 users' rows")
    assert report.accounts["g207"].unattributed("nodeHours") == 6


def test_a_user_called_like_the_total_is_dropped() -> None:
    users = [user_row("TOTAL_ACCOUNT_USAGE", 99), user_row(" TOTAL_ACCOUNT_USAGE ", 99)]

    report = report_on([account_row(accountNodeHours=12, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.RESERVED_USER, Severity.WARNING)
    assert report.accounts["g207"].totals == {"nodeHours": 12}
    assert not report.accounts["g207"].users


def test_names_that_differ_by_blanks_around_them_are_one() -> None:
    users = [user_row(" anovak", 1), user_row("anovak", 2), user_row("anovak\t", 4)]

    report = report_on([account_row(accountNodeHours=7, users=users)])

    assert report.accounts["g207"].users == {"anovak": {"nodeHours": 7}}


def test_names_of_any_script_are_kept() -> None:
    report = report_on([account_row(accountNodeHours=7, users=[user_row("çmüller", 7)])])

    assert report.accounts["g207"].users == {"çmüller": {"nodeHours": 7}}


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb", "a\x7f", "\x85a\x80", "\ud800", "u" * 256])
def test_names_that_cannot_be_are_skipped(name: str) -> None:
    report = report_on([account_row(accountNodeHours=7, users=[user_row(name)])])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MALFORMED_RECORD, Severity.WARNING)
    assert str(problem).isprintable()
    assert not report.accounts["g207"].users
    assert not report.accounts["g207"].doubts


@pytest.mark.parametrize("row", [None, "g207", 7, ["account", "g207"]], ids=repr)
def test_rows_that_are_no_objects_are_skipped(row: object) -> None:
    report = report_on([row, account_row(accountNodeHours=1, users=[row])])

    assert [(p.code, p.resource) for p in report.problems] == [
        (ProblemCode.MALFORMED_RECORD, None),
        (ProblemCode.MALFORMED_RECORD, "g207"),
    ]
    assert report.accounts["g207"].totals == {"nodeHours": 1}


def test_null_totals_are_zero_with_a_warning() -> None:
    report = report_on([account_row(accountNodeHours=None, users=None)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MISSING_AMOUNT, Severity.WARNING)
    assert report.accounts["g207"].totals == {"nodeHours": 0}
    assert not report.accounts["g207"].doubts


def test_null_amounts_of_a_user_are_counted_and_worth_knowing() -> None:
    users = [user_row("anovak", None) for _ in range(31)]

    report = report_on([account_row(accountNodeHours=0, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MISSING_AMOUNT, Severity.INFO)
    assert problem.message == "31 amounts of nodeHours of user anovak are null; they count as zero"
    assert report.accounts["g207"].users == {"anovak": {"nodeHours": 0}}


def test_a_user_without_an_amount_has_none() -> None:
    users = [{"username": "anovak"}, user_row("bkeller", 1)]

    report = report_on([account_row(nodeHours=1, users=users)])

    assert report.accounts["g207"].users["anovak"] == {"nodeHours": 0}
    assert not report.problems


def test_a_field_that_no_user_has_is_missed() -> None:
    users = [{"username": "anovak", "node_hours": 1}]

    report = report_on([account_row(nodeHours=1, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.UNMATCHED_COMPONENT, Severity.WARNING)
    assert report.accounts["g207"].untold_users == {("nodeHours", "anovak")}


def test_a_total_that_some_rows_lack_is_untold() -> None:
    report = report_on([account_row(nodeHours=1), account_row()])

    assert only_problem(report).code is ProblemCode.MISSING_AMOUNT
    assert report.accounts["g207"].untold == {"nodeHours"}


@pytest.mark.parametrize(
    "user", [{"nodeHours": 1}, {"username": "TOTAL_ACCOUNT_USAGE"}, {"username": "\0"}]
)
def test_an_account_with_users_whose_names_are_not_known_is_told_so(user: object) -> None:
    rows = [account_row("g118", nodeHours=1), account_row(nodeHours=1, users=[user])]

    report = report_on(rows, asked=["g118", "g207"])

    assert [report.accounts[name].is_nameless for name in ("g118", "g207")] == [False, True]
    assert not report.is_nameless


@pytest.mark.parametrize("row", [7, {"nodeHours": 1}])
def test_a_report_with_rows_that_name_nobody_is_told_so(row: object) -> None:
    assert report_on([row]).is_nameless


def test_numeric_texts_are_numbers() -> None:
    row = account_row(accountNodeHours="12.5", users=[user_row("anovak", "1e1")])

    usage = report_on([row]).accounts["g207"]

    assert usage.totals == {"nodeHours": Decimal("12.5")}
    assert usage.users == {"anovak": {"nodeHours": 10}}


BAD = [
    *(True, False, "many", "", "NaN", [1], {"value": 1}, 10**18, -(10**18), 10**5000),
    *(Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("1E+999999999")),
    *(Decimal("1E-25"), Decimal("1E+18")),
]


@pytest.mark.parametrize("value", BAD, ids=lambda value: f"{type(value).__name__}")
def test_what_is_no_amount_counts_as_zero_and_holds_its_component_back(value: object) -> None:
    metering = Metering(components=(Component(name="nodeHours"), Component(name="cpuHours")))
    users = [user_row("anovak", value), user_row("anovak", 2)]
    row = account_row(accountNodeHours=value, cpuHours=3, users=users)

    report = report_on([row, account_row(accountNodeHours=2)], metering=metering)

    problems = problems_of(report, ProblemCode.BAD_AMOUNT)
    assert [p.severity for p in problems] == [Severity.ERROR, Severity.ERROR]
    assert all(p.resource == "g207" and len(p.message) < 300 for p in problems)
    usage = report.accounts["g207"]
    assert usage.totals == {"nodeHours": 2, "cpuHours": 3}
    assert usage.users["anovak"]["nodeHours"] == 2
    assert usage.doubts == {"nodeHours": "2 of its amounts are not readable"}


def test_a_sum_may_have_more_digits_than_any_amount() -> None:
    largest = Decimal("999999999999999999.999999999999999999999999")
    rows = [account_row(accountNodeHours=amount) for amount in (largest, largest, Decimal("1E-24"))]

    assert str(report_on(rows).accounts["g207"].totals["nodeHours"]) == (
        "1999999999999999999.999999999999999999999999"
    )


def test_negative_corrections_are_kept_and_said() -> None:
    users = [user_row("anovak", 5), user_row("anovak", Decimal("-1.25"))]

    report = report_on([account_row(accountNodeHours=10), account_row(nodeHours=-3, users=users)])

    usage = report.accounts["g207"]
    assert usage.totals == {"nodeHours": 7}
    assert usage.users == {"anovak": {"nodeHours": Decimal("3.75")}}
    assert [p.code for p in report.problems] == [ProblemCode.NEGATIVE_USAGE] * 2
    assert not usage.doubts


def test_a_total_that_stays_below_zero_holds_its_component_back() -> None:
    report = report_on([account_row(accountNodeHours=Decimal("-0.005"))])

    assert report.accounts["g207"].doubts == {"nodeHours": "its total is below zero (-0.01)"}


def test_users_that_stay_below_zero_hold_their_component_back() -> None:
    users = [user_row("anovak", -2), user_row("bkeller", -1), user_row("cmueller", 1)]

    report = report_on([account_row(accountNodeHours=1, users=users)])

    assert report.accounts["g207"].doubts == {
        "nodeHours": "the usage of user anovak (-2.00) and of 1 more is below zero"
    }


def test_what_rounds_to_zero_holds_nothing_back() -> None:
    report = report_on([account_row(accountNodeHours=Decimal("-0.004"))])

    assert not report.accounts["g207"].doubts


def test_accounts_that_were_not_asked_for_are_skipped_and_said_once() -> None:
    rows = [account_row("not-asked", accountNodeHours=1) for _ in range(3)]

    report = report_on([*rows, account_row(accountNodeHours=2)], rows)

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.UNASKED_ACCOUNT, Severity.INFO)
    assert problem.resource == "not-asked"
    assert (list(report.accounts), report.rows) == (["g207"], 1)


def test_rows_count_only_with_the_request_that_was_about_them() -> None:
    tally = UsageTally(V1, NOVEMBER, {"g207": "g207", "g118": "g118"})
    everything = [account_row("g207", nodeHours=1), account_row("g118", nodeHours=2)]

    for account in ("g207", "g118"):
        tally.add(WarehousePage(frozenset({account}), everything))

    report = tally.report()
    assert {name: usage.totals["nodeHours"] for name, usage in report.accounts.items()} == {
        "g118": 2,
        "g207": 1,
    }
    assert not report.problems


DAYS = Days(date(2025, 11, 19), date(2025, 11, 20))


@pytest.mark.parametrize("period", [NOVEMBER, DAYS], ids=str)
def test_usage_of_another_time_is_skipped(period: Days) -> None:
    users = [
        user_row("anovak", 1, usageDate="2025-11-19"),
        user_row("anovak", 2, usageDate="2025-11-20"),
        user_row("anovak", 4, usageDate=None),
        user_row("anovak", 8, usageDate="2025-12-01"),
        user_row("bkeller", 8, usageDate="2024-11-19"),
    ]
    rows = [
        account_row(accountNodeHours=20, users=users),
        account_row(accountNodeHours=100, usageDate="2025-10-31", users=[user_row("anovak")]),
    ]

    report = report_on(rows, period=period)

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.OUTSIDE_PERIOD, Severity.WARNING)
    assert problem.message.startswith("3 rows")
    assert report.accounts["g207"].totals == {"nodeHours": 20}
    assert report.accounts["g207"].users == {"anovak": {"nodeHours": 7}}


@pytest.mark.parametrize(
    "day", ["", "soon", "20251119", "2025-11-31", "2025-W47-3", "2025-11", 7, [], "\uff12025-11-19"]
)
def test_usage_of_an_unreadable_day_is_skipped(day: object) -> None:
    users = [user_row("anovak", usageDate=day)]

    report = report_on(
        [account_row(accountNodeHours=1, users=users), account_row(nodeHours=2, usageDate=day)]
    )

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MALFORMED_RECORD, Severity.ERROR)
    assert report.accounts["g207"].totals == {"nodeHours": 1}
    assert not report.accounts["g207"].users


def test_users_with_more_than_the_total_are_said() -> None:
    users = [user_row("anovak", 3), user_row("bkeller", Decimal("0.01"))]

    report = report_on([account_row(accountNodeHours=3, users=users)])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.OVERATTRIBUTED_USAGE, Severity.WARNING)
    assert problem.message == "users have 0.01 more of nodeHours than the account's total"
    assert report.accounts["g207"].unattributed("nodeHours") == Decimal("-0.01")


def test_a_difference_that_only_rounding_makes_is_none() -> None:
    users = [user_row(name, Decimal("0.005")) for name in ("a", "b", "c")]

    report = report_on([account_row(accountNodeHours=Decimal("0.015"), users=users)])

    assert report.accounts["g207"].unattributed("nodeHours") == 0
    assert not report.problems


def test_fields_that_differ_are_said_and_the_most_exact_wins() -> None:
    row = account_row(nodeHours=1, accountNodeHours=2, totalNodeHours=3)

    report = report_on([row])

    assert only_problem(report).code is ProblemCode.AMBIGUOUS_AMOUNT
    assert report.accounts["g207"].totals == {"nodeHours": 1}


def test_accounts_without_rows_are_absent_in_the_first_profile() -> None:
    report = report_on([])

    assert not report.accounts
    assert (report.unknown, report.rows) == (frozenset({"g207"}), 0)
    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MISSING_ACCOUNT, Severity.WARNING)
    assert "which is all" in problem.message


def test_an_account_that_others_are_known_beside_is_worth_a_note() -> None:
    problem = only_problem(
        report_on([account_row("g118", accountNodeHours=1)], asked=["g118", "g207"])
    )

    assert (problem.code, problem.severity) == (ProblemCode.MISSING_ACCOUNT, Severity.INFO)
    assert problem.resource == "g207"


def test_accounts_without_rows_are_zero_in_the_second_profile() -> None:
    report = report_on([account_row("g118", totalNodeHours=1)], metering=V2, asked=["g207", "g118"])

    assert report.accounts["g207"].totals == {"nodeHours": 0}
    assert report.unknown == {"g207"}
    assert [p.code for p in report.problems] == [ProblemCode.MISSING_ACCOUNT]


@pytest.mark.parametrize(
    ("profile", "severity"),
    [(WarehouseProfile.V1, Severity.INFO), (WarehouseProfile.V2, Severity.WARNING)],
)
def test_a_component_without_any_field_is_said_once(
    profile: WarehouseProfile, severity: Severity
) -> None:
    components = (Component(name="nodeHours"), Component(name="cpuHours"))
    metering = Metering(components=components, profile=profile)
    rows = [account_row("g207", totalNodeHours=1), account_row("g118", totalNodeHours=1)]

    problem = only_problem(report_on(rows, metering=metering, asked=["g207", "g118"]))

    assert (problem.code, problem.severity) == (ProblemCode.UNMATCHED_COMPONENT, severity)
    assert "cpuHours" in problem.message


def test_a_null_matches_a_component_too() -> None:
    components = (Component(name="nodeHours"), Component(name="cpuHours"))
    row = account_row(accountNodeHours=1, accountCpuHours=None)

    report = report_on([row], metering=Metering(components=components))

    assert not problems_of(report, ProblemCode.UNMATCHED_COMPONENT)


def test_totals_that_are_called_otherwise_are_missed_though_users_have_them() -> None:
    row = {"account": "g207", "total_node_hours": 5, "users": [user_row("anovak", 5)]}

    report = report_on([row], metering=V2)

    assert problems_of(report, ProblemCode.UNMATCHED_COMPONENT)
    assert report.accounts["g207"].untold == {"nodeHours"}


def test_a_total_that_one_account_lacks_is_told() -> None:
    rows = [account_row("g118", accountNodeHours=1), {"account": "g207", "users": []}]

    report = report_on(rows, asked=["g118", "g207"])

    problem = only_problem(report)
    assert (problem.code, problem.severity) == (ProblemCode.MISSING_AMOUNT, Severity.WARNING)
    assert problem.resource == "g207"
    assert report.accounts["g207"].untold == {"nodeHours"}
    assert not report.accounts["g118"].untold


def test_a_total_that_is_null_is_untold() -> None:
    assert report_on([account_row(accountNodeHours=None)]).accounts["g207"].untold


@pytest.mark.parametrize("day", ["2025-11-40", "2025-11-02T00:00", 20251102, ""])
def test_rows_of_an_unreadable_day_hold_their_account_back(day: object) -> None:
    good, bad = account_row(accountNodeHours=1), account_row(accountNodeHours=2, usageDate=day)

    both, alone = report_on([good, bad]), report_on([bad])

    assert both.accounts["g207"].doubts.keys() == {"nodeHours"}
    assert not alone.accounts
    assert not alone.unknown  # there is something about it, if of no use


def test_rows_of_another_month_do_not_count() -> None:
    rows = [
        account_row(accountNodeHours=5, month="2025-11"),
        account_row(accountNodeHours=3, month="2025-10"),
    ]

    report = report_on(rows)

    assert report.accounts["g207"].totals == {"nodeHours": 5}
    assert only_problem(report).code is ProblemCode.OUTSIDE_PERIOD


@pytest.mark.parametrize(
    ("component", "profile", "expected"),
    [
        (Component(name="nodeHours", unit_factor=Decimal("0.5")), WarehouseProfile.V1, "50.005"),
        (
            Component(
                name="nodeHours", unit_factor=Decimal(3), unit_factor_reporting=Decimal("0.5")
            ),
            WarehouseProfile.V1,
            "300.03",
        ),
        (
            Component(
                name="nodeHours", unit_factor=Decimal(3), unit_factor_reporting=Decimal("0.5")
            ),
            WarehouseProfile.V2,
            "50.005",
        ),
        (Component(name="nodeHours", unit_factor=Decimal(2)), WarehouseProfile.V2, "200.02"),
        (
            Component(name="nodeHours", unit_factor=Decimal(2), factor_semantics=Factoring.DIVIDE),
            WarehouseProfile.V2,
            "50.005",
        ),
    ],
    ids=str,
)
def test_factors(component: Component, profile: WarehouseProfile, expected: str) -> None:
    metering = Metering(components=(component,), profile=profile)
    row = account_row(
        accountNodeHours=Decimal("100.01"), users=[user_row("anovak", Decimal("100.01"))]
    )

    usage = report_on([row], metering=metering).accounts["g207"]

    assert usage.totals["nodeHours"] == Decimal(expected)
    assert usage.users["anovak"]["nodeHours"] == Decimal(expected)


def test_factors_lose_no_digit() -> None:
    component = Component(name="nodeHours", unit_factor=Decimal("1.000000000000000000000001"))
    row = account_row(accountNodeHours=Decimal("123456789012345678.000000000000000000000001"))

    usage = report_on([row], metering=Metering(components=(component,))).accounts["g207"]

    assert str(usage.totals["nodeHours"]) == (
        "123456789012345678.000000123456789012345679000000000000000000000001"
    )


def test_problems_of_the_warehouse_adapter_are_passed_on() -> None:
    told = Problem(ProblemCode.MALFORMED_RECORD, Severity.WARNING, "a file was skipped")
    tally = UsageTally(V1, NOVEMBER, {"g207": "g207"})

    tally.add(WarehousePage(frozenset({"g207"}), [account_row(nodeHours=1)], (told,)))

    assert tally.report().problems == (told,)
