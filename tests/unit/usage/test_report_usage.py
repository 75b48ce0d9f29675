"""Reporting over fakes: which months, what is submitted, what one failure does to the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cscs_domain.errors import (
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import MeteredResource, OfferingChoice
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Month
from cscs_domain.usage.report_usage import report_usage
from cscs_domain.usage.submissions import TotalsEntry, UsersEntry
from cscs_domain.usage.usage_reporting import (
    MonthReport,
    PlanRules,
    ReportRequest,
    ResourceOutcome,
    UsageJob,
)
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_fakes.clock import FixedClock
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_fakes.waldur_usage import FakeWaldurUsage
from tests.unit.usage.plan_samples import NODES, NOVEMBER, OFFERING, recorded, resource

OCTOBER = Month(2026, 10)
SEPTEMBER = Month(2026, 9)
NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
JOB = UsageJob(name="daint", offerings=OfferingChoice(uuids={OFFERING}), metering=NODES)


class Centre:
    """A Waldur with accounts, a warehouse, and a clock."""

    def __init__(self, *accounts: str, **waldur: Any) -> None:
        self.clock = FixedClock(NOW)
        self.resources = {account: resource(account) for account in accounts}
        self.waldur = FakeWaldurUsage(
            self.resources.values(), clock=self.clock, accounts=["anovak"], **waldur
        )
        self.warehouse = FakeUsageWarehouse()

    def used(self, account: str, total: object, month: Month = NOVEMBER, **users: object) -> None:
        rows = [{"username": user, "nodeHours": amount} for user, amount in users.items()]
        row = {"account": account, "accountNodeHours": total, "users": rows}
        self.warehouse.put(UsageKind.COMPUTE, month, [row])

    async def report(
        self, *months: Month, job: UsageJob = JOB, **request: Any
    ) -> list[MonthReport]:
        return [each async for each in self.reports(*months, job=job, **request)]

    def reports(
        self, *months: Month, job: UsageJob = JOB, **request: Any
    ) -> AsyncIterator[MonthReport]:
        return report_usage(
            job,
            ReportRequest(months=months or (NOVEMBER,), **request),
            waldur=self.waldur,
            warehouse=self.warehouse,
            clock=self.clock,
        )

    def total(self, account: str, month: Month = NOVEMBER) -> Decimal | None:
        record = self.waldur.record(self.resources[account].uuid, month)
        return record.totals.get("nodeHours")

    def users(self, account: str, month: Month = NOVEMBER) -> dict[str, Decimal]:
        record = self.waldur.record(self.resources[account].uuid, month)
        return dict(record.users.get("nodeHours", {}))


def outcomes(report: MonthReport) -> dict[str, ResourceOutcome]:
    return {result.plan.resource.backend_id: result.outcome for result in report.results}


def problem(report: MonthReport, code: ProblemCode) -> Problem:
    (found,) = [each for each in report.problems if each.code is code]
    return found


async def test_totals_and_users_reach_waldur() -> None:
    centre = Centre("g207", "lp05")
    centre.used("g207", Decimal("2.675"), anovak=Decimal("1.005"), bkeller=Decimal("1.67"))
    (report,) = await centre.report()
    assert centre.total("g207") == Decimal("2.68")
    assert centre.users("g207") == {"anovak": Decimal("1.01"), "bkeller": Decimal("1.67")}
    assert outcomes(report) == {
        "g207": ResourceOutcome.SUBMITTED,
        "lp05": ResourceOutcome.UNCHANGED,
    }
    assert report.failure == ""
    assert "bkeller" in problem(report, ProblemCode.UNLINKED_USER).message


async def test_the_second_run_sends_nothing() -> None:
    centre = Centre("g207")
    centre.used("g207", 10, anovak=4)
    await centre.report()
    centre.waldur.calls.clear()
    (report,) = await centre.report()
    assert centre.waldur.calls == []
    assert outcomes(report) == {"g207": ResourceOutcome.UNCHANGED}


async def test_a_rehearsal_plans_and_sends_nothing() -> None:
    centre = Centre("g207")
    centre.used("g207", 10)
    (report,) = await centre.report(rehearse=True)
    assert report.plan is not None
    assert not report.plan.is_empty
    assert (report.results, centre.waldur.calls) == ((), [])


async def test_months_come_oldest_first_and_each_gets_a_moment_of_its_own() -> None:
    centre = Centre("g207")
    for number, month in enumerate((SEPTEMBER, OCTOBER, NOVEMBER), 1):
        centre.used("g207", number, month)
    reports = await centre.report(SEPTEMBER, OCTOBER, NOVEMBER)
    assert [each.month for each in reports] == [SEPTEMBER, OCTOBER, NOVEMBER]
    assert [centre.total("g207", each.month) for each in reports] == [1, 2, 3]


async def test_a_run_that_was_stopped_between_totals_and_users_is_completed_by_the_next() -> None:
    centre = Centre("g207")
    centre.used("g207", 10, anovak=4)
    uuid = centre.resources["g207"].uuid
    centre.waldur.set_record(uuid, NOVEMBER, recorded("10.00"))
    await centre.report()
    (entry,) = centre.waldur.calls
    assert isinstance(entry, UsersEntry)
    assert centre.users("g207") == {"anovak": Decimal(4)}


async def test_problems_of_resources_are_told_with_the_first_month_only() -> None:
    centre = Centre("g207")
    centre.waldur.add(resource("old", state=ResourceState.ERRED))
    first, second = await centre.report(OCTOBER, NOVEMBER)
    assert problem(first, ProblemCode.UNREPORTABLE_STATE)
    assert ProblemCode.UNREPORTABLE_STATE not in {each.code for each in second.problems}


# --- failures


async def test_one_refused_account_does_not_keep_the_others_out() -> None:
    centre = Centre("g118", "g207", "lp05")
    for account in centre.resources:
        centre.used(account, 10)
    uuid = centre.resources["g118"].uuid
    centre.waldur.refuse(uuid, UsageRefusedError(uuid, "Resource does not have a plan."))
    (report,) = await centre.report()
    assert outcomes(report) == {
        "g118": ResourceOutcome.REFUSED,
        "g207": ResourceOutcome.SUBMITTED,
        "lp05": ResourceOutcome.SUBMITTED,
    }
    assert "does not have a plan" in problem(report, ProblemCode.USAGE_REFUSED).message
    assert report.failure == ""


async def test_one_account_without_an_answer_does_not_keep_the_others_out() -> None:
    centre = Centre("g118", "g207")
    for account in centre.resources:
        centre.used(account, 10)
    uuid = centre.resources["g118"].uuid
    centre.waldur.refuse(uuid, UpstreamServiceError("Waldur", "answered 500"))
    (report,) = await centre.report()
    assert outcomes(report)["g118"] is ResourceOutcome.FAILED
    assert outcomes(report)["g207"] is ResourceOutcome.SUBMITTED
    assert "answered 500" in report.failure


async def test_a_waldur_that_is_down_is_left_alone_after_a_few_tries() -> None:
    accounts = [f"g{number:03}" for number in range(40)]
    centre = Centre(*accounts)
    for account in accounts:
        centre.used(account, 10)
        uuid = centre.resources[account].uuid
        centre.waldur.refuse(uuid, UpstreamServiceError("Waldur", "hung up"))
    (report,) = await centre.report()
    found = list(outcomes(report).values())
    assert found.count(ResourceOutcome.FAILED) < 10
    assert found.count(ResourceOutcome.FAILED) + found.count(ResourceOutcome.NOT_TRIED) == 40


async def test_users_that_fail_after_their_total_make_it_partly() -> None:
    centre = Centre("g207")
    centre.used("g207", 10, anovak=4)
    uuid = centre.resources["g207"].uuid
    error = UpstreamServiceError("Waldur", "hung up")
    centre.waldur.refuse(uuid, error, of=UsersEntry)
    (report,) = await centre.report()
    assert outcomes(report) == {"g207": ResourceOutcome.PARTLY}
    assert centre.total("g207") == 10
    assert report.failure


async def test_one_refused_user_does_not_keep_the_others_out() -> None:
    centre = Centre("g207")
    centre.used("g207", 10, anovak=4, bkeller=5)
    centre.waldur.refuse_user("bkeller", "usage: over the limit of the user")
    (report,) = await centre.report()
    assert centre.users("g207") == {"anovak": Decimal(4)}
    assert outcomes(report) == {"g207": ResourceOutcome.PARTLY}
    assert "over the limit" in problem(report, ProblemCode.USAGE_REFUSED).message


async def test_a_month_whose_usage_cannot_be_read_does_not_keep_others_out() -> None:
    class WithoutOctober(FakeUsageWarehouse):
        def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
            self.fail_with(
                UpstreamServiceError("DWDI", "hung up") if query.period == OCTOBER else None
            )
            return super().pages(query)

    centre = Centre("g207")
    centre.warehouse = WithoutOctober()
    centre.used("g207", 3, OCTOBER)
    centre.used("g207", 4, NOVEMBER)
    first, second = await centre.report(OCTOBER, NOVEMBER)
    assert "hung up" in first.failure
    assert first.plan is None
    assert outcomes(second) == {"g207": ResourceOutcome.SUBMITTED}


async def test_resources_that_cannot_be_read_end_it() -> None:
    centre = Centre("g207")
    centre.waldur.fail_with(UpstreamServiceError("Waldur", "answered 401"))
    with pytest.raises(UpstreamServiceError, match="401"):
        await centre.report()


# --- months that Waldur does not take


@pytest.mark.parametrize(
    ("open_months", "severity"),
    [(frozenset({OCTOBER}), Severity.INFO), (frozenset[Month](), Severity.WARNING)],
)
async def test_a_closed_month_is_a_problem_only_to_those_who_asked_for_it(
    open_months: frozenset[Month], severity: Severity
) -> None:
    centre = Centre("g207", is_staff=False)
    centre.used("g207", 10, OCTOBER)
    (report,) = await centre.report(OCTOBER, open_months=open_months)
    assert outcomes(report) == {"g207": ResourceOutcome.CLOSED}
    assert problem(report, ProblemCode.MONTH_CLOSED).severity is severity


async def test_a_month_whose_invoice_is_open_takes_usage() -> None:
    centre = Centre("g207", is_staff=False)
    centre.used("g207", 10, OCTOBER)
    centre.waldur.open_months.add((centre.resources["g207"].uuid, OCTOBER))
    (report,) = await centre.report(OCTOBER)
    assert outcomes(report) == {"g207": ResourceOutcome.SUBMITTED}


async def test_nothing_is_sent_for_past_months_to_a_server_that_ignores_dates() -> None:
    centre = Centre("g207", keeps_dates=False)
    centre.used("g207", 3, OCTOBER)
    centre.used("g207", 4, NOVEMBER)
    past, current = await centre.report(OCTOBER, NOVEMBER)
    assert "too old" in past.failure
    assert outcomes(current) == {"g207": ResourceOutcome.SUBMITTED}
    assert len(centre.waldur.calls) == 1
    assert centre.total("g207") == 4


async def test_a_server_that_books_elsewhere_unexpectedly_gets_nothing_more() -> None:
    class Unexpected(FakeWaldurUsage):
        """It ignores dates and does not look like it."""

        async def submit_totals(self, entry: TotalsEntry) -> None:
            self.calls.append(entry)
            raise WrongMonthError("Waldur", "booked 2026-10 into 2026-11")

    centre = Centre("g118", "g207", "lp05")
    centre.waldur = Unexpected(centre.resources.values(), clock=centre.clock)
    for account in centre.resources:
        centre.used(account, 10, OCTOBER)
    running = centre.reports(OCTOBER, NOVEMBER)
    report = await anext(running)
    with pytest.raises(WrongMonthError):
        await anext(running)
    assert len(centre.waldur.calls) == 1
    assert outcomes(report) == {
        "g118": ResourceOutcome.FAILED,
        "g207": ResourceOutcome.NOT_TRIED,
        "lp05": ResourceOutcome.NOT_TRIED,
    }


async def test_a_month_that_has_not_begun_in_utc_waits() -> None:
    centre = Centre("g207")
    december = Month(2026, 12)
    centre.used("g207", 10, december)
    centre.clock.advance(datetime(2026, 11, 30, 23, 30, tzinfo=UTC) - NOW)
    (report,) = await centre.report(december)
    assert problem(report, ProblemCode.MONTH_NOT_BEGUN).severity is Severity.INFO
    assert centre.waldur.calls == []


async def test_a_month_that_ends_while_it_is_reported_stays_the_same_month() -> None:
    class MidnightStrikes(FakeUsageWarehouse):
        def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
            centre.clock.advance(timedelta(minutes=5))
            return super().pages(query)

    centre = Centre("g207")
    centre.warehouse = MidnightStrikes()
    centre.used("g207", 10)
    centre.clock.advance(datetime(2026, 11, 30, 23, 58, tzinfo=UTC) - NOW)
    (report,) = await centre.report(NOVEMBER)
    assert outcomes(report) == {"g207": ResourceOutcome.SUBMITTED}
    assert centre.total("g207") == 10
    assert centre.total("g207", Month(2026, 12)) is None


async def test_so_does_one_on_a_server_that_would_book_it_into_the_next() -> None:
    class MidnightStrikes(FakeUsageWarehouse):
        def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
            centre.clock.advance(timedelta(minutes=5))
            return super().pages(query)

    centre = Centre("g207", keeps_dates=False)
    centre.warehouse = MidnightStrikes()
    centre.used("g207", 10)
    centre.clock.advance(datetime(2026, 11, 30, 23, 58, tzinfo=UTC) - NOW)
    with pytest.raises(WrongMonthError, match="ended while"):
        await centre.report(NOVEMBER)
    assert centre.waldur.calls == []


# --- choices


async def test_only_the_chosen_accounts_are_reported() -> None:
    centre = Centre("g118", "g207")
    centre.used("g118", 1)
    centre.used("g207", 2)
    job = UsageJob(
        name="daint", offerings=JOB.offerings, metering=NODES, accounts=frozenset({"g207"})
    )
    await centre.report(job=job)
    assert centre.total("g118") is None
    assert centre.total("g207") == 2


async def test_an_offering_of_which_nothing_is_known_is_not_zeroed_without_force() -> None:
    centre = Centre("g207")
    uuid = centre.resources["g207"].uuid
    centre.waldur.set_record(uuid, NOVEMBER, recorded("10.00"))
    (report,) = await centre.report(rules=PlanRules(reconcile=True))
    assert outcomes(report) == {"g207": ResourceOutcome.HELD_BACK}
    assert "--force" in problem(report, ProblemCode.USAGE_HELD_BACK).hint
    assert centre.total("g207") == 10
    (report,) = await centre.report(rules=PlanRules(reconcile=True, force=True))
    assert centre.total("g207") == 0


def nobody() -> MeteredResource:
    return resource("")


async def test_a_site_without_accounts_has_nothing_to_report() -> None:
    centre = Centre()
    centre.waldur.add(nobody())
    (report,) = await centre.report()
    assert report.results == ()
    assert centre.warehouse.queries == []
