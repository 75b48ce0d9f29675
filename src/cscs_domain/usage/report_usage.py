"""The use case: fetch, compare, submit, month by month. Source: DWDI contract, 10 and 11.

A run may end at any moment. Whatever Waldur has by then is compared again by the next one, which
submits only what is missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import Clock, UsageWarehouse, WaldurUsage
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.usage.fetch_usage import MeteredAccount, fetch_report
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metered_accounts import MeteredAccounts, metered_accounts
from cscs_domain.usage.months import Month, safe_moment
from cscs_domain.usage.submit_plan import Submission
from cscs_domain.usage.usage_reporting import MonthReport, ReportRequest, UsageJob


async def report_usage(
    job: UsageJob,
    request: ReportRequest,
    *,
    waldur: WaldurUsage,
    warehouse: UsageWarehouse,
    clock: Clock,
    progress: Progress = no_progress,
) -> AsyncIterator[MonthReport]:
    """Report month after month, the oldest first, and yield what came of each.

    Raises `UpstreamServiceError` if the resources cannot be read. If the usage of one month
    cannot be, the month is yielded with its `failure`, and the next one is tried. Where Waldur
    books usage into another month than it is told, the month is yielded with what was done and
    `WrongMonthError` is raised.
    """
    found = await waldur.resources(job.offerings)
    reporting = _Reporting(
        job=job,
        request=request,
        waldur=waldur,
        warehouse=warehouse,
        clock=clock,
        progress=progress,
        accounts=metered_accounts(found, job.accounts, job.elsewhere),
        keeps_dates=found.keeps_dates,
    )
    about_resources = reporting.accounts.problems
    for number, month in enumerate(request.months):
        progress(Stage.MONTHS, number, len(request.months))
        report, fatal = await reporting.month(month)
        # What is wrong with resources is wrong in every month, and told once.
        yield attrs.evolve(report, problems=(*about_resources, *report.problems))
        about_resources = ()
        if fatal is not None:
            raise fatal
    progress(Stage.MONTHS, len(request.months), len(request.months))


@attrs.frozen(kw_only=True)
class _Reporting:
    job: UsageJob
    request: ReportRequest
    waldur: WaldurUsage
    warehouse: UsageWarehouse
    clock: Clock
    progress: Progress
    accounts: MeteredAccounts
    keeps_dates: bool

    async def month(self, month: Month) -> tuple[MonthReport, UpstreamServiceError | None]:
        """What came of a month, and what ends the run if it does."""
        now = self.clock.now()
        if safe_moment(month, now) is None:
            return self._not_planned(month, problems=(_not_begun(month),)), None
        if not self.keeps_dates and month != Month.of(now, UTC):
            return self._dates_ignored(month), None
        try:
            return await self._planned(month)
        except UpstreamServiceError as error:
            return self._not_planned(month, failure=str(error)), None

    def _not_planned(
        self, month: Month, *, failure: str = "", problems: tuple[Problem, ...] = ()
    ) -> MonthReport:
        return MonthReport(
            job=self.job.name, month=month, plan=None, failure=failure, problems=problems
        )

    def _dates_ignored(self, month: Month) -> MonthReport:
        """A failure for those who asked for the month; by habit it is just not reported."""
        text = (
            f"this Waldur is too old to be told a month: it would book {month} into its current "
            "one. Nothing was submitted. Only its current month can be reported."
        )
        if month not in self.request.open_months:
            return self._not_planned(month, failure=text)
        problem = Problem(ProblemCode.MONTH_CLOSED, Severity.INFO, text)
        return self._not_planned(month, problems=(problem,))

    async def _planned(self, month: Month) -> tuple[MonthReport, UpstreamServiceError | None]:
        resources, metering = self.accounts.resources, self.job.metering
        fetched = await fetch_report(
            self.warehouse,
            metering,
            month,
            [MeteredAccount(each.backend_id, each.cluster, each.uuid) for each in resources],
            progress=self.progress,
        )
        recorded = await self.waldur.recorded(month, resources)
        plan = make_plan(
            month,
            resources,
            fetched,
            recorded,
            metering,
            self.request.rules,
        )
        report = MonthReport(
            job=self.job.name,
            month=month,
            plan=plan,
            problems=(*fetched.problems, *plan.problems),
        )
        if self.request.rehearse:
            return report, None
        submission = Submission(
            plan=plan,
            waldur=self.waldur,
            clock=self.clock,
            progress=self.progress,
            limits=metering.limits,
            keeps_dates=self.keeps_dates,
            is_open_by_habit=month in self.request.open_months,
        )
        await submission.run()
        done = attrs.evolve(
            report,
            results=submission.results(),
            problems=(*report.problems, *submission.log.problems),
            failure=submission.log.failure(),
        )
        return done, submission.log.fatal


def _not_begun(month: Month) -> Problem:
    return Problem(
        ProblemCode.MONTH_NOT_BEGUN,
        Severity.INFO,
        f"{month} has not begun in UTC yet, and Waldur takes no usage of the future",
        "Report it again in some hours.",
    )
