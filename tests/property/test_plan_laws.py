"""Laws of plans: carried out once they leave nothing to do, and they touch nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.components import Component
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering, WarehouseProfile
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import PlanAction, UsagePlan
from cscs_domain.usage.reports import AccountUsage, UsageReport
from cscs_domain.usage.submissions import RecordedUsage
from cscs_domain.usage.submit_plan import Submission
from cscs_domain.usage.usage_reporting import PlanRules, ResourceOutcome
from cscs_fakes.clock import FixedClock
from cscs_fakes.waldur_usage import FakeWaldurUsage
from tests.unit.usage.plan_samples import NOVEMBER, resource

NOW: Final = datetime(2026, 11, 21, 14, tzinfo=UTC)
OCTOBER: Final = Month(2026, 10)
ACCOUNTS: Final = ("g118", "g207", "lp05")
COMPONENTS: Final = ("gpuHours", "nodeHours")
USERS: Final = ("anovak", "bkeller", "çmüller")

amounts = st.decimals(-3, 20, places=4, allow_nan=False, allow_infinity=False)
# Waldur takes negative amounts from anybody; ours are never among them.
cents = st.decimals(-2, 20, places=2, allow_nan=False, allow_infinity=False)
some_amounts = st.fixed_dictionaries(dict.fromkeys(COMPONENTS, amounts))


@attrs.frozen
class Situation:
    """What both sides know of a month, and what is allowed."""

    month: Month
    says: UsageReport
    has: dict[str, RecordedUsage]
    metering: Metering
    rules: PlanRules


@st.composite
def accounts_usage(draw: DrawFn) -> AccountUsage:
    doubtful = draw(st.sets(st.sampled_from(COMPONENTS), max_size=1))
    return AccountUsage(
        totals=draw(some_amounts),
        users=draw(st.dictionaries(st.sampled_from(USERS), some_amounts)),
        doubts=dict.fromkeys(doubtful, "somebody doubts it"),
        untold=draw(st.frozensets(st.sampled_from(COMPONENTS), max_size=1)),
        is_nameless=draw(st.booleans()),
    )


@st.composite
def recorded_usage(draw: DrawFn) -> RecordedUsage:
    totals = draw(st.dictionaries(st.sampled_from(COMPONENTS), cents))
    parts: SearchStrategy[dict[str, Decimal]] = st.dictionaries(st.sampled_from(USERS), cents)
    return RecordedUsage(totals=totals, users={name: draw(parts) for name in totals})


@st.composite
def situations(draw: DrawFn) -> Situation:
    known = draw(st.dictionaries(st.sampled_from(ACCOUNTS), accounts_usage()))
    month = draw(st.sampled_from([NOVEMBER, OCTOBER]))
    components = tuple(
        Component(name=name, allow_decrease=draw(st.booleans())) for name in COMPONENTS
    )
    flags = st.booleans()
    report = UsageReport(
        period=month,
        accounts=known,
        unknown=draw(st.frozensets(st.sampled_from(ACCOUNTS))) - known.keys(),
        is_nameless=draw(st.booleans()),
    )
    return Situation(
        month,
        report,
        draw(st.dictionaries(st.sampled_from(ACCOUNTS), recorded_usage())),
        Metering(components=components, profile=draw(st.sampled_from(WarehouseProfile))),
        PlanRules(
            allow_decrease=draw(flags),
            reconcile=draw(flags),
            force=draw(flags),
            totals_only=draw(flags),
        ),
    )


class Desk:
    """A Waldur in the given situation."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.resources = [resource(account, components=COMPONENTS) for account in ACCOUNTS]
        self.clock = FixedClock(NOW)
        self.waldur = FakeWaldurUsage(self.resources, clock=self.clock, accounts=["anovak"])
        for each in self.resources:
            if has := situation.has.get(each.backend_id):
                self.waldur.set_record(each.uuid, situation.month, has)

    def record(self, each: MeteredResource) -> RecordedUsage:
        return self.waldur.record(each.uuid, self.situation.month)

    def plan(self) -> UsagePlan:
        situation = self.situation
        records = {each.uuid: self.record(each) for each in self.resources}
        return make_plan(
            situation.month,
            self.resources,
            situation.says,
            records,
            situation.metering,
            situation.rules,
        )

    def submit(self, plan: UsagePlan) -> Submission:
        submission = Submission(plan=plan, waldur=self.waldur, clock=self.clock)
        asyncio.run(submission.run())
        return submission


@given(situations())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(situation: Situation) -> None:
    desk = Desk(situation)
    first = desk.plan()
    submission = desk.submit(first)
    assert submission.log.failure() == ""
    assert {result.outcome for result in submission.results()} <= {
        ResourceOutcome.SUBMITTED,
        ResourceOutcome.UNCHANGED,
        ResourceOutcome.HELD_BACK,
    }
    assert desk.plan().is_empty


@given(situations())
def test_what_is_sent_is_there_and_what_is_held_back_stays(situation: Situation) -> None:
    desk = Desk(situation)
    plan = desk.plan()
    before = {each.uuid: desk.record(each) for each in desk.resources}
    desk.submit(plan)
    for each in plan.resources:
        after, was = desk.record(each.resource), before[each.resource.uuid]
        for figure in each.figures:
            if figure.user is None:
                now, then = after.totals.get(figure.component), was.totals.get(figure.component)
            else:
                now = after.users.get(figure.component, {}).get(figure.user)
                then = was.users.get(figure.component, {}).get(figure.user)
            assert now == (figure.wanted if figure.action.is_sent else then)


@given(situations())
def test_nothing_is_made_smaller_without_permission(situation: Situation) -> None:
    rules = situation.rules
    free = {each.name for each in situation.metering.components if each.allow_decrease}
    for each in Desk(situation).plan().resources:
        for figure in each.figures:
            if figure.action is PlanAction.ZERO:
                assert rules.reconcile
                says = situation.says.accounts.get(each.resource.backend_id)
                assert says is not None or each.resource.backend_id in situation.says.unknown
            elif figure.action.is_sent and figure.change < 0:
                allowed = rules.allow_decrease or situation.metering.may_decrease
                assert allowed or figure.component in free


@given(situations())
def test_no_figure_of_either_side_is_left_out(situation: Situation) -> None:
    desk = Desk(situation)
    for each in desk.plan().resources:
        named = {(figure.component, figure.user) for figure in each.figures}
        says = situation.says.accounts.get(each.resource.backend_id)
        has = desk.record(each.resource)
        assert {(name, None) for name in has.totals} <= named
        if says is None:
            continue
        assert {(name, None) for name in says.totals} <= named
        if not situation.rules.totals_only:
            used = {
                (name, user)
                for user, parts in says.users.items()
                for name, amount in parts.items()
                if to_cents(amount)
            }
            assert used <= named
