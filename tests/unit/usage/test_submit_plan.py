"""Carrying plans out: in which order, and what is left when Waldur fails or has changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from cscs_domain.errors import MonthClosedError, UpstreamServiceError, UsageRefusedError
from cscs_domain.problems import ProblemCode
from cscs_domain.usage.components import AccountingType, Component
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import UsagePlan
from cscs_domain.usage.reports import AccountUsage
from cscs_domain.usage.submissions import RecordedUsage, TotalsEntry, UsersEntry
from cscs_domain.usage.submit_plan import Submission
from cscs_domain.usage.usage_reporting import PlanRules, ResourceOutcome
from cscs_fakes.clock import FixedClock
from cscs_fakes.waldur_usage import FakeWaldurUsage
from tests.unit.usage.plan_samples import NODES, NOVEMBER, recorded, report, resource, usage

OCTOBER: Final = Month(2026, 10)
CLOCK: Final = FixedClock(datetime(2026, 11, 21, 14, tzinfo=UTC))
DECREASE: Final = PlanRules(allow_decrease=True)
DOWN: Final = UpstreamServiceError("Waldur", "hung up")


def waldur_with(*resources: MeteredResource, is_staff: bool = True) -> FakeWaldurUsage:
    return FakeWaldurUsage(resources, clock=CLOCK, is_staff=is_staff)


def plan_of(
    waldur: FakeWaldurUsage,
    says: dict[str, AccountUsage],
    *resources: MeteredResource,
    month: Month = NOVEMBER,
    metering: Metering = NODES,
    rules: PlanRules = DECREASE,
) -> UsagePlan:
    has = {each.uuid: waldur.record(each.uuid, month) for each in resources}
    return make_plan(month, resources, report(says, period=month), has, metering, rules)


async def submitted(
    waldur: FakeWaldurUsage, plan: UsagePlan, limits: frozenset[str] = frozenset()
) -> Submission:
    submission = Submission(plan=plan, waldur=waldur, clock=CLOCK, limits=limits)
    await submission.run()
    return submission


def outcomes(submission: Submission) -> dict[str, ResourceOutcome]:
    return {each.plan.resource.backend_id: each.outcome for each in submission.results()}


def sent_to(waldur: FakeWaldurUsage, each: MeteredResource) -> list[str]:
    return [
        "totals" if isinstance(entry, TotalsEntry) else "users"
        for entry in waldur.calls
        if entry.resource == each.uuid
    ]


async def test_users_follow_their_total() -> None:
    mine = resource("g207")
    waldur = waldur_with(mine)
    await submitted(waldur, plan_of(waldur, {"g207": usage("5", {"anovak": "5"})}, mine))
    assert sent_to(waldur, mine) == ["totals", "users"]


async def test_a_total_of_zero_is_set_again_after_its_users_since_waldur_adds_them_up() -> None:
    mine = resource("g207")
    waldur = waldur_with(mine)
    waldur.set_record(mine.uuid, NOVEMBER, recorded("0.00", {"anovak": "5.00"}))
    plan = plan_of(waldur, {"g207": usage("0", {"anovak": "0"})}, mine)
    await submitted(waldur, plan)
    assert sent_to(waldur, mine) == ["totals", "users", "totals"]
    assert waldur.record(mine.uuid, NOVEMBER).totals == {"nodeHours": Decimal(0)}


async def test_it_is_set_again_even_if_its_users_are_refused() -> None:
    mine = resource("g207")
    waldur = waldur_with(mine)
    waldur.set_record(mine.uuid, NOVEMBER, recorded("7.00", {"anovak": "5.00"}))
    waldur.refuse(mine.uuid, UsageRefusedError(mine.uuid, "no"), of=UsersEntry)
    plan = plan_of(waldur, {"g207": usage("0", {"anovak": "0"})}, mine)
    await submitted(waldur, plan)
    assert sent_to(waldur, mine) == ["totals", "users", "totals"]


class TestFailures:
    async def test_only_failures_in_a_row_end_it(self) -> None:
        resources = [resource(f"g{number:02}") for number in range(30)]
        waldur = waldur_with(*resources)
        for number, each in enumerate(resources):
            if number % 3:
                waldur.refuse(each.uuid, DOWN)
        plan = plan_of(waldur, {each.backend_id: usage("1") for each in resources}, *resources)
        found = list(outcomes(await submitted(waldur, plan)).values())
        assert found.count(ResourceOutcome.FAILED) == 20
        assert found.count(ResourceOutcome.SUBMITTED) == 10

    async def test_what_is_left_out_is_never_called_unchanged(self) -> None:
        """Also if something that was under way succeeds after the end."""

        class SlowAtFirst(FakeWaldurUsage):
            async def submit_totals(self, entry: TotalsEntry) -> None:
                if entry.resource == resources[1].uuid:
                    await others_failed.wait()
                elif entry.resource != resources[0].uuid:
                    failed.append(entry)
                    if len(failed) == 5:
                        others_failed.set()
                    raise DOWN
                await super().submit_totals(entry)

        failed: list[TotalsEntry] = []
        others_failed = asyncio.Event()
        resources = [resource(f"g{number:02}") for number in range(15)]
        waldur = SlowAtFirst(resources, clock=CLOCK)
        plan = plan_of(waldur, {each.backend_id: usage("1") for each in resources}, *resources)
        submission = await submitted(waldur, plan)
        found = list(outcomes(submission).values())
        assert found[:2] == [ResourceOutcome.SUBMITTED, ResourceOutcome.SUBMITTED]
        assert set(found[2:]) == {ResourceOutcome.FAILED, ResourceOutcome.NOT_TRIED}
        told = [problem.resource for problem in submission.log.problems]
        assert len(told) == found.count(ResourceOutcome.FAILED)

    async def test_until_a_total_is_confirmed_they_go_one_by_one(self) -> None:
        class Counting(FakeWaldurUsage):
            """Refuses the first three, and notes how many are under way."""

            under_way = 0
            most_before_one_was_confirmed = 0

            async def submit_totals(self, entry: TotalsEntry) -> None:
                self.under_way += 1
                if len(self.calls) <= 3:
                    most = max(self.most_before_one_was_confirmed, self.under_way)
                    self.most_before_one_was_confirmed = most
                await asyncio.sleep(0)
                try:
                    await super().submit_totals(entry)
                finally:
                    self.under_way -= 1

        resources = [resource(f"g{number}") for number in range(9)]
        waldur = Counting(resources, clock=CLOCK)
        for each in resources[:3]:
            waldur.refuse(each.uuid, UsageRefusedError(each.uuid, "no plan"))
        plan = plan_of(waldur, {each.backend_id: usage("1") for each in resources}, *resources)
        await submitted(waldur, plan)
        assert waldur.most_before_one_was_confirmed == 1


class TestMeanwhile:
    async def test_what_somebody_else_has_changed_is_left_alone(self) -> None:
        mine = resource("g207")
        waldur = waldur_with(mine)
        waldur.set_record(mine.uuid, NOVEMBER, recorded("10.00"))
        plan = plan_of(waldur, {"g207": usage("12")}, mine)
        waldur.set_record(mine.uuid, NOVEMBER, recorded("15.00"))
        submission = await submitted(waldur, plan)
        assert outcomes(submission) == {"g207": ResourceOutcome.HELD_BACK}
        assert [each.code for each in submission.log.problems] == [ProblemCode.USAGE_HELD_BACK]
        assert waldur.record(mine.uuid, NOVEMBER).totals == {"nodeHours": Decimal(15)}

    async def test_nothing_is_read_again_where_there_was_nothing(self) -> None:
        mine = resource("g207")
        waldur = waldur_with(mine)
        plan = plan_of(waldur, {"g207": usage("12")}, mine)
        waldur.fail_with(None)
        assert outcomes(await submitted(waldur, plan)) == {"g207": ResourceOutcome.SUBMITTED}

    def test_users_of_nothing_make_no_difference(self) -> None:
        one = RecordedUsage(totals={"a": Decimal(1)}, users={"a": {}})
        assert one.is_like(RecordedUsage(totals={"a": Decimal("1.00")}))
        assert not one.is_like(RecordedUsage(totals={"a": Decimal(2)}))


BOTH: Final = Metering(
    components=(
        Component(name="nodeHours"),
        Component(name="storage", accounting_type=AccountingType.LIMIT),
    )
)


class ClosedForUsage(FakeWaldurUsage):
    """Takes limit components in closed months, as Waldur does."""

    async def submit_totals(self, entry: TotalsEntry) -> None:
        if "nodeHours" in entry.amounts and entry.month == OCTOBER:
            self.calls.append(entry)
            raise MonthClosedError(entry.resource, "date: only limit-based components")
        await super().submit_totals(entry)


class TestClosedMonths:
    async def test_limit_components_are_submitted_without_the_others(self) -> None:
        mine = resource("g207", components=("nodeHours", "storage"))
        waldur = ClosedForUsage([mine], clock=CLOCK)
        says = AccountUsage(totals={"nodeHours": Decimal(5), "storage": Decimal(4)})
        plan = plan_of(waldur, {"g207": says}, mine, month=OCTOBER, metering=BOTH)
        submission = await submitted(waldur, plan, BOTH.limits)
        assert waldur.record(mine.uuid, OCTOBER).totals == {"storage": Decimal(4)}
        assert outcomes(submission) == {"g207": ResourceOutcome.PARTLY}
        assert [each.code for each in submission.log.problems] == [ProblemCode.MONTH_CLOSED]

    async def test_users_of_what_was_refused_wait_and_the_others_arrive(self) -> None:
        """Also where a total becomes zero with its users: nothing adds them up again."""
        mine = resource("g207", components=("nodeHours", "storage"))
        waldur = ClosedForUsage([mine], clock=CLOCK)
        parts = {"anovak": Decimal(1), "bkeller": Decimal(2)}
        has = RecordedUsage(
            totals={"nodeHours": Decimal(5), "storage": Decimal(3)},
            users={"nodeHours": {"anovak": Decimal(4)}, "storage": parts},
        )
        waldur.set_record(mine.uuid, OCTOBER, has)
        gone = {"nodeHours": Decimal(5), "storage": Decimal(0)}
        says = AccountUsage(
            totals={"nodeHours": Decimal(6), "storage": Decimal(0)},
            users={"anovak": gone, "bkeller": {"nodeHours": Decimal(0), "storage": Decimal(0)}},
        )
        plan = plan_of(waldur, {"g207": says}, mine, month=OCTOBER, metering=BOTH)
        await submitted(waldur, plan, BOTH.limits)
        record = waldur.record(mine.uuid, OCTOBER)
        assert record.totals == {"nodeHours": Decimal(5), "storage": Decimal(0)}
        assert record.users["nodeHours"] == {"anovak": Decimal(4)}
        assert set(record.users["storage"].values()) == {Decimal(0)}

    async def test_users_beside_a_total_that_stays_are_sent_though_another_is_closed(self) -> None:
        mine = resource("g207", components=("nodeHours", "gpuHours"))
        waldur = ClosedForUsage([mine], clock=CLOCK)
        has = {"nodeHours": Decimal(5), "gpuHours": Decimal(3)}
        waldur.set_record(mine.uuid, OCTOBER, RecordedUsage(totals=has))
        metering = Metering(components=(Component(name="nodeHours"), Component(name="gpuHours")))
        says = AccountUsage(
            totals={"nodeHours": Decimal(6), "gpuHours": Decimal(3)},
            users={"anovak": {"nodeHours": Decimal(6), "gpuHours": Decimal(3)}},
        )
        plan = plan_of(waldur, {"g207": says}, mine, month=OCTOBER, metering=metering)
        submission = await submitted(waldur, plan)
        assert waldur.record(mine.uuid, OCTOBER).users == {"gpuHours": {"anovak": Decimal(3)}}
        assert outcomes(submission) == {"g207": ResourceOutcome.PARTLY}

    async def test_a_zero_in_a_closed_month_keeps_its_users(self) -> None:
        mine = resource("g207")
        waldur = waldur_with(mine, is_staff=False)
        waldur.set_record(mine.uuid, OCTOBER, recorded("0.00", {"anovak": "5.00"}))
        plan = plan_of(waldur, {"g207": usage("0", {"anovak": "0"})}, mine, month=OCTOBER)
        assert outcomes(await submitted(waldur, plan)) == {"g207": ResourceOutcome.CLOSED}
        assert waldur.record(mine.uuid, OCTOBER).users == {"nodeHours": {"anovak": Decimal(5)}}

    async def test_what_does_not_change_in_a_past_month_is_not_sent(self) -> None:
        mine = resource("g207", components=("nodeHours", "storage"))
        waldur = ClosedForUsage([mine], clock=CLOCK)
        has = {"nodeHours": Decimal("5.00"), "storage": Decimal("3.00")}
        waldur.set_record(mine.uuid, OCTOBER, RecordedUsage(totals=has))
        says = AccountUsage(totals={"nodeHours": Decimal(5), "storage": Decimal(4)})
        plan = plan_of(waldur, {"g207": says}, mine, month=OCTOBER, metering=BOTH)
        submission = await submitted(waldur, plan, BOTH.limits)
        assert outcomes(submission) == {"g207": ResourceOutcome.SUBMITTED}

    async def test_all_accounts_of_a_closed_month_are_one_problem(self) -> None:
        resources = [resource(f"g{number}") for number in range(8)]
        waldur = waldur_with(*resources, is_staff=False)
        says = {each.backend_id: usage("1") for each in resources}
        submission = await submitted(waldur, plan_of(waldur, says, *resources, month=OCTOBER))
        (problem,) = submission.log.problems
        assert problem.code is ProblemCode.MONTH_CLOSED
        assert "and 3 more" in problem.message


async def test_in_the_current_month_all_totals_go_along_for_old_servers() -> None:
    mine = resource("g207", components=("nodeHours", "storage"))
    waldur = waldur_with(mine)
    has = {"nodeHours": Decimal("5.00"), "storage": Decimal("3.00")}
    waldur.set_record(mine.uuid, NOVEMBER, RecordedUsage(totals=has))
    says = AccountUsage(totals={"nodeHours": Decimal(5), "storage": Decimal(4)})
    await submitted(waldur, plan_of(waldur, {"g207": says}, mine, metering=BOTH))
    (entry,) = waldur.calls
    assert entry.amounts.keys() == {"nodeHours", "storage"}


async def test_users_that_are_partly_refused_make_it_partly() -> None:
    mine = resource("g207")
    waldur = waldur_with(mine)
    waldur.refuse(mine.uuid, UsageRefusedError(mine.uuid, "there is no total"), of=UsersEntry)
    plan = plan_of(waldur, {"g207": usage("5", {"anovak": "5"})}, mine)
    assert outcomes(await submitted(waldur, plan)) == {"g207": ResourceOutcome.PARTLY}
