"""What is planned for every way in which Waldur and the warehouse may differ."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import attrs
import pytest

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.usage.components import Component
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.reports import AccountUsage
from cscs_domain.usage.submissions import RecordedUsage
from cscs_domain.usage.usage_reporting import PlanRules
from tests.unit.usage.plan_samples import (
    NODES,
    NODES_V2,
    NOVEMBER,
    lines,
    plan_for,
    recorded,
    report,
    resource,
    usage,
)

DECREASE = PlanRules(allow_decrease=True)
RECONCILE = PlanRules(reconcile=True)
FALLING = Metering(components=(Component(name="nodeHours", allow_decrease=True),))


@pytest.mark.parametrize(
    ("says", "has", "rules", "metering", "planned"),
    [
        ("2.675", None, PlanRules(), NODES, "create None -> 2.68"),
        ("0", None, PlanRules(), NODES, "create None -> 0.00"),
        ("2.675", "2.68", PlanRules(), NODES, "unchanged 2.68 -> 2.68"),
        ("2.7", "2.68", PlanRules(), NODES, "raise 2.68 -> 2.70"),
        ("2.6", "2.68", PlanRules(), NODES, "held back 2.68 -> 2.60"),
        ("2.6", "2.68", DECREASE, NODES, "lower 2.68 -> 2.60"),
        ("2.6", "2.68", PlanRules(), FALLING, "lower 2.68 -> 2.60"),
        ("2.6", "2.68", PlanRules(), NODES_V2, "lower 2.68 -> 2.60"),
        ("0", "2.68", RECONCILE, NODES, "held back 2.68 -> 0.00"),
        ("0", "-1.00", PlanRules(), NODES, "raise -1.00 -> 0.00"),
        ("-1.25", "3.00", DECREASE, NODES, "held back 3.00 -> -1.25"),
        ("-0.001", "0.00", PlanRules(), NODES, "unchanged 0.00 -> 0.00"),
        (
            "999999999999999999.999",
            None,
            PlanRules(),
            NODES,
            "held back None -> 1000000000000000000.00",
        ),
        (None, None, RECONCILE, NODES, None),
        (None, "0.00", RECONCILE, NODES, "unchanged 0.00 -> None"),
        (None, "3.00", RECONCILE, NODES, "zero 3.00 -> 0.00"),
        (None, "3.00", DECREASE, NODES, "held back 3.00 -> None"),
    ],
)
def test_a_total(
    says: str | None, has: str | None, rules: PlanRules, metering: Metering, planned: str | None
) -> None:
    known = None if has is None else recorded(has)
    plan = plan_for(None if says is None else usage(says), known, rules=rules, metering=metering)
    assert lines(plan) == ([] if planned is None else [f"total {planned}"])


@pytest.mark.parametrize(
    ("says", "has", "rules", "planned"),
    [
        ("7.5", None, PlanRules(), "create None -> 7.50"),
        ("0", None, PlanRules(), None),
        ("0.004", None, PlanRules(), None),
        ("7.5", "7.50", PlanRules(), "unchanged 7.50 -> 7.50"),
        ("7.5", "7.00", PlanRules(), "raise 7.00 -> 7.50"),
        ("7.5", "8.00", PlanRules(), "held back 8.00 -> 7.50"),
        ("7.5", "8.00", DECREASE, "lower 8.00 -> 7.50"),
        ("-1", "8.00", DECREASE, "held back 8.00 -> -1.00"),
        (None, "8.00", PlanRules(), "held back 8.00 -> None"),
        (None, "8.00", RECONCILE, "held back 8.00 -> None"),
        (None, "0.00", RECONCILE, "unchanged 0.00 -> None"),
    ],
)
def test_a_user_beside_a_total_that_stays(
    says: str | None, has: str | None, rules: PlanRules, planned: str | None
) -> None:
    plan = plan_for(
        usage("10", {} if says is None else {"anovak": says}),
        recorded("10.00", {} if has is None else {"anovak": has}),
        rules=rules,
    )
    wanted = [] if planned is None else [f"anovak {planned}"]
    assert lines(plan) == ["total unchanged 10.00 -> 10.00", *wanted]


def test_a_user_that_is_gone_becomes_zero_beside_others() -> None:
    has = recorded("10.00", {"anovak": "8.00", "bkeller": "2.00"})
    plan = plan_for(usage("10", {"bkeller": "2"}), has, rules=RECONCILE)
    assert lines(plan)[1:] == ["anovak zero 8.00 -> 0.00", "bkeller unchanged 2.00 -> 2.00"]


def test_what_rows_without_a_name_may_be_about_is_not_zeroed() -> None:
    forced = PlanRules(reconcile=True, force=True)
    has = recorded("10.00", {"anovak": "8.00", "bkeller": "2.00"})
    says = attrs.evolve(usage("10", {"bkeller": "2"}), is_nameless=True)
    assert lines(plan_for(says, has, rules=RECONCILE))[1] == "anovak held back 8.00 -> None"
    assert lines(plan_for(says, has, rules=forced))[1] == "anovak zero 8.00 -> 0.00"
    mine, other = resource("g207"), resource("lp05")
    whole = attrs.evolve(report({"lp05": usage("1")}, ["g207"]), is_nameless=True)
    for rules, planned in ((RECONCILE, "held back 10.00 -> None"), (forced, "zero 10.00 -> 0.00")):
        plan = make_plan(NOVEMBER, [mine, other], whole, {mine.uuid: has}, NODES, rules)
        assert lines(plan)[0] == f"total {planned}"


def test_users_do_not_move_while_their_total_is_held_back() -> None:
    plan = plan_for(usage("9", {"anovak": "9"}), recorded("10.00", {"anovak": "4.00"}))
    assert lines(plan) == ["total held back 10.00 -> 9.00", "anovak held back 4.00 -> 9.00"]
    assert plan.is_empty
    # Told once, for the total: the users follow it.
    assert [problem.message.partition(" is ")[0] for problem in plan.problems] == ["nodeHours"]


def test_doubtful_figures_are_shown_and_held_back() -> None:
    plan = plan_for(usage("10", {"anovak": "4"}, doubt="an amount of it is no number"), None)
    assert lines(plan) == ["total held back None -> 10.00", "anovak held back None -> 4.00"]
    (problem,) = plan.problems
    assert (problem.code, problem.severity) == (ProblemCode.USAGE_HELD_BACK, Severity.WARNING)
    assert "an amount of it is no number" in problem.message
    assert problem.resource == "g207"


def test_users_of_a_total_of_zero_are_held_back_since_waldur_would_change_the_total() -> None:
    plan = plan_for(usage("0", {"anovak": "4"}), recorded("0.00"))
    assert lines(plan) == ["total unchanged 0.00 -> 0.00", "anovak held back None -> 4.00"]


def test_a_whole_account_can_be_zeroed() -> None:
    plan = plan_for(None, recorded("10.00", {"anovak": "4.00", "old": "0.00"}), rules=RECONCILE)
    assert lines(plan) == [
        "total zero 10.00 -> 0.00",
        "anovak zero 4.00 -> 0.00",
        "old unchanged 0.00 -> None",
    ]


def test_totals_only_leaves_users_alone() -> None:
    plan = plan_for(
        usage("10", {"anovak": "4"}), recorded("1.00"), rules=PlanRules(totals_only=True)
    )
    assert lines(plan) == ["total raise 1.00 -> 10.00"]


def test_unattributed_usage_is_part_of_the_plan() -> None:
    (mine, _) = plan_for(usage("656.125", {"bkeller": "655.375"})).resources
    assert mine.unattributed == {"nodeHours": Decimal("0.75")}


def test_an_account_that_could_not_be_asked_about_is_not_taken_for_forgotten() -> None:
    mine = resource("g207")
    plan = make_plan(NOVEMBER, [mine], report({}), {mine.uuid: recorded("10.00")}, NODES, RECONCILE)
    assert lines(plan) == ["total held back 10.00 -> None"]


@pytest.mark.parametrize(
    ("rules", "planned"),
    [
        (DECREASE, "held back 10.00 -> 0.00"),
        (PlanRules(allow_decrease=True, force=True), "lower 10.00 -> 0.00"),
    ],
)
def test_zeros_of_a_total_that_nobody_told_lower_nothing(rules: PlanRules, planned: str) -> None:
    says = attrs.evolve(usage("0"), untold=frozenset({"nodeHours"}))
    assert lines(plan_for(says, recorded("10.00"), rules=rules)) == [f"total {planned}"]


# --- what is sent


def test_totals_afterwards_are_all_that_waldur_is_to_have() -> None:
    names = ("cpuHours", "gpuHours", "nodeHours")
    mine = resource("g207", components=names)
    says = AccountUsage(
        totals={"cpuHours": Decimal(5), "gpuHours": Decimal(1), "nodeHours": Decimal(3)}
    )
    has = RecordedUsage(totals={"gpuHours": Decimal("2.00"), "nodeHours": Decimal("3.00")})
    metering = Metering(components=tuple(Component(name=name) for name in names))
    plan = make_plan(
        NOVEMBER, [mine], report({"g207": says}), {mine.uuid: has}, metering, PlanRules()
    )
    assert plan.resources[0].totals_to_send() == {"cpuHours": Decimal("5.00")}
    assert plan.resources[0].totals_afterwards() == {
        "cpuHours": Decimal("5.00"),  # new
        "gpuHours": Decimal("2.00"),  # held back, so as it was
        "nodeHours": Decimal("3.00"),  # unchanged
    }


def test_a_negative_total_of_somebody_else_is_never_sent_again() -> None:
    mine = resource("g207", components=("a", "b"))
    says = AccountUsage(totals={"a": Decimal(-2), "b": Decimal(1)})
    has = RecordedUsage(totals={"a": Decimal("-1.00")})
    metering = Metering(components=(Component(name="a"), Component(name="b")))
    plan = make_plan(
        NOVEMBER, [mine], report({"g207": says}), {mine.uuid: has}, metering, PlanRules()
    )
    assert plan.resources[0].totals_afterwards() == {"b": Decimal("1.00")}


def test_only_users_that_change_are_sent() -> None:
    plan = plan_for(
        usage("10", {"anovak": "4", "bkeller": "2"}), recorded("10.00", {"anovak": "4.00"})
    )
    assert plan.resources[0].totals_to_send() == {}
    assert plan.resources[0].users_to_send() == {"nodeHours": {"bkeller": Decimal("2.00")}}


# --- components


def test_components_that_the_offering_lacks_are_told_and_never_sent() -> None:
    mine = resource("g207", components=("storage",))
    plan = make_plan(NOVEMBER, [mine], report({"g207": usage("10")}), {}, NODES, PlanRules())
    assert plan.is_empty
    (problem,) = plan.problems
    assert problem.code is ProblemCode.UNKNOWN_COMPONENT
    assert "nodeHours" in problem.message
    assert "storage" in problem.message


def test_an_offering_whose_components_cannot_be_told_gets_all() -> None:
    mine = resource("g207", components=None)
    plan = make_plan(NOVEMBER, [mine], report({"g207": usage("10")}), {}, NODES, PlanRules())
    assert lines(plan) == ["total create None -> 10.00"]


# --- an empty warehouse


def empty_answer(rules: PlanRules, metering: Metering = NODES) -> list[str]:
    """The plan for an offering of which nothing is known, beside another one that is."""
    mine, other = resource("g207"), attrs.evolve(resource("lp05"), offering=UUID(int=2))
    zeros = {"g207": usage("0")} if metering is NODES_V2 else {}
    says = report({"lp05": usage("1"), **zeros}, unknown=["g207"])
    has = {mine.uuid: recorded("10.00", {"anovak": "4.00"})}
    return lines(make_plan(NOVEMBER, [mine, other], says, has, metering, rules))


@pytest.mark.parametrize("metering", [NODES, NODES_V2])
def test_an_offering_of_which_nothing_is_known_is_not_zeroed_without_force(
    metering: Metering,
) -> None:
    kept = ["total held back 10.00 -> None", "anovak held back 4.00 -> None"]
    assert empty_answer(PlanRules(), metering) == kept
    assert empty_answer(RECONCILE, metering) == kept
    assert empty_answer(PlanRules(force=True), metering) == kept


@pytest.mark.parametrize("metering", [NODES, NODES_V2])
def test_force_zeroes_it(metering: Metering) -> None:
    assert empty_answer(PlanRules(reconcile=True, force=True), metering) == [
        "total zero 10.00 -> 0.00",
        "anovak zero 4.00 -> 0.00",
    ]


def test_force_is_in_the_hint() -> None:
    mine = resource("g207")
    has = {mine.uuid: recorded("10.00")}
    plan = make_plan(NOVEMBER, [mine], report({}, unknown=["g207"]), has, NODES, RECONCILE)
    (problem,) = plan.problems
    assert "--force" in problem.hint


def test_accounts_that_the_warehouse_does_not_know_are_zero_where_waldur_has_nothing_yet() -> None:
    mine = resource("g207")
    says = report({"g207": usage("0")}, unknown=["g207"])
    plan = make_plan(NOVEMBER, [mine], says, {}, NODES_V2, PlanRules())
    assert lines(plan) == ["total create None -> 0.00"]


# --- what stands beside a total of zero


def test_users_may_become_zero_beside_a_total_of_zero_if_all_of_them_do() -> None:
    has = recorded("0.00", {"anovak": "5.00", "bkeller": "3.00"})
    all_of_them = plan_for(usage("0", {"anovak": "0", "bkeller": "0"}), has, rules=DECREASE)
    one_of_them = plan_for(usage("0", {"anovak": "0"}), has, rules=DECREASE)
    assert lines(all_of_them)[1:] == ["anovak lower 5.00 -> 0.00", "bkeller lower 3.00 -> 0.00"]
    assert lines(one_of_them)[1:] == [
        "anovak held back 5.00 -> 0.00",
        "bkeller held back 3.00 -> None",
    ]


def test_records_that_cannot_be_compared_are_left_alone() -> None:
    has = attrs.evolve(recorded("1.00", {"anovak": "1.00"}), doubt="a record has no amount")
    assert lines(plan_for(usage("10", {"anovak": "4"}), has)) == [
        "total held back 1.00 -> 10.00",
        "anovak held back 1.00 -> 4.00",
    ]
