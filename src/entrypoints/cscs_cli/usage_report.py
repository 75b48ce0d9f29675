"""`cscs usage report`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final

import attrs
import structlog
from cyclopts import Parameter
from structlog.contextvars import bound_contextvars

from cscs_bootstrap.settings import Part
from cscs_bootstrap.system_clock import SystemClock
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_service import usage_service
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.terminal import complain, console, say, say_bytes, visible
from cscs_cli.usage_elsewhere import Prepared, Wire, prepared
from cscs_cli.usage_options import DEFAULTS, SourceOptions, checked_accounts, load_offerings
from cscs_cli.usage_periods import NOW, Calendar, PeriodOptions, months_of_report
from cscs_cli.usage_progress import PausableProgress
from cscs_cli.usage_run import HowToTell, UsageRun
from cscs_domain.errors import CscsError, WrongMonthError
from cscs_domain.ports import Clock
from cscs_domain.usage.report_usage import report_usage
from cscs_domain.usage.usage_reporting import PlanRules, ReportRequest

_LOG: Final = structlog.get_logger("cscs.usage")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ReportOptions:
    """Whose usage is submitted, and what may be."""

    account: Annotated[
        tuple[str, ...],
        Parameter(metavar="NAME", help="Only this account; may be repeated."),
    ] = ()
    dry_run: Annotated[bool, Parameter(help="Show what would be done; submit nothing.")] = False
    allow_decrease: Annotated[
        bool, Parameter(help="Submit figures that are lower than Waldur's.")
    ] = False
    reconcile: Annotated[
        bool, Parameter(help="Submit zeros for what the warehouse does not know any more.")
    ] = False
    force: Annotated[
        bool,
        Parameter(
            help="With --reconcile or --allow-decrease: also where the warehouse seems at fault."
        ),
    ] = False
    totals_only: Annotated[bool, Parameter(help="Leave users out.")] = False

    @property
    def rules(self) -> PlanRules:
        """What may be submitted."""
        return PlanRules(
            allow_decrease=self.allow_decrease,
            reconcile=self.reconcile,
            force=self.force,
            totals_only=self.totals_only,
        )


NOTHING_SPECIAL: Final = ReportOptions()


def usage_report(
    *,
    options: SourceOptions = DEFAULTS,
    period: PeriodOptions = NOW,
    report: ReportOptions = NOTHING_SPECIAL,
) -> int:
    """Fetch, compare, submit, and return the exit code."""
    accounts = checked_accounts(report.account)
    offerings = load_offerings(options, Part.USAGE)
    chosen, clock = offerings.chosen, SystemClock()
    request = make_request(chosen[0], period, report, clock)
    run = UsageRun(
        how=HowToTell(rehearsed=report.dry_run, json=options.json, verbose=options.verbose),
        asked=accounts,
        is_alone=len(chosen) == 1,
        into_memory=[each.job.name for each in chosen if each.is_kept_in_memory],
    )
    wire = partial(usage_service, clock=clock)
    try:
        with sigterm_like_ctrl_c():
            asyncio.run(report_every(chosen, request, run, wire, others=offerings.others))
    except KeyboardInterrupt:
        complain("Interrupted. What was submitted stays; the next report sends what is missing.")
        raise
    code = run.end()
    if options.json:
        say_bytes(run.document())
        return code
    if invented := [each for each in chosen if each.is_kept_in_memory and not each.is_invented]:
        names = ", ".join(each.job.name for each in invented)
        say(f"Into memory: adapters.waldur is fake; nothing of {visible(names)} reaches a Waldur.")
    if report.dry_run:
        say("Dry run: nothing was submitted.")
    return code


def make_request(
    first: UsageOffering, period: PeriodOptions, report: ReportOptions, clock: Clock
) -> ReportRequest:
    """What to do: the months are chosen here, once, by the first offering's zone.

    Raises `UsageError`.
    """
    settings = first.settings
    calendar = Calendar(now=clock.now(), zone=settings.zone)
    chosen = months_of_report(period, calendar, grace_days=settings.usage.grace_days)
    return ReportRequest(
        months=chosen.months,
        open_months=chosen.open_months,
        rules=report.rules,
        rehearse=report.dry_run,
    )


async def report_every(
    offerings: Sequence[UsageOffering],
    request: ReportRequest,
    run: UsageRun,
    wire: Wire = usage_service,
    *,
    others: Sequence[UsageOffering] = (),
) -> None:
    """Report one after the other; what fails does not keep the others from being reported.

    Accounts that several of them have, or one of the `others` of the configuration, are reported
    for none. Only if Waldur books usage into another month than it is told, nothing more is
    submitted.
    """
    for each in await prepared(offerings, others, wire, run.unread):
        name = each.offering.job.name
        with bound_contextvars(offering=name):
            try:
                await _report(each, request, run, wire)
            except WrongMonthError:
                run.fail(name, "nothing more is submitted, of other offerings neither.")
                return
            except CscsError as error:
                run.fail(name, str(error))
            except Exception as error:  # noqa: BLE001  # it must not keep the others from it
                _LOG.exception("offering_crashed")
                kind = type(error).__name__
                run.fail(name, f"ended in an error of this program ({kind}); the log has more.")


async def _report(each: Prepared, request: ReportRequest, run: UsageRun, wire: Wire) -> None:
    if each.error is not None:
        raise each.error
    job = each.offering.job
    if run.asked:
        job = attrs.evolve(job, accounts=frozenset(run.asked))
    makes_room = not run.how.json and console().is_terminal
    async with wire(each.offering) as service:
        with PausableProgress(service.clock, makes_room) as progress:
            months = report_usage(
                job,
                request,
                waldur=service.reported_to,
                warehouse=service.warehouse,
                clock=service.clock,
                progress=progress,
            )
            async for month in months:
                with progress.paused():
                    run.add(job.name, month)
