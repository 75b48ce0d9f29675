"""`cscs usage show`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.settings import Part
from cscs_bootstrap.system_clock import SystemClock
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_service import usage_service
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import complain, console, say_bytes, visible
from cscs_cli.usage_options import DEFAULTS, SourceOptions, checked_accounts, load_offerings
from cscs_cli.usage_periods import NOW, Calendar, PeriodOptions, periods_to_show
from cscs_cli.usage_show_output import ShownUsage
from cscs_domain._text import shown
from cscs_domain.ports import Clock
from cscs_domain.progress import Stage, no_progress
from cscs_domain.usage.fetch_usage import MeteredAccount, fetch_report
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Period
from cscs_domain.usage.reports import UsageReport


def usage_show(
    *,
    account: Annotated[
        tuple[str, ...],
        Parameter(
            metavar="NAME",
            help="Whose usage: account, backend id or path (storage), uuid of the resource "
            "(inference); may be repeated.",
        ),
    ] = (),
    cluster: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            help="Only what was used of this cluster (compute in profile v2-account).",
        ),
    ] = None,
    csv: Annotated[bool, Parameter(help="Print lines of CSV.")] = False,
    options: SourceOptions = DEFAULTS,
    period: PeriodOptions = NOW,
) -> int:
    """Fetch, print, and return the exit code."""
    if csv and options.json:
        raise UsageError("--csv and --json exclude each other; choose one.")
    accounts = checked_accounts(account)
    if not accounts:
        raise UsageError(
            "--account is missing: without a name the warehouse would be asked for everybody. "
            "Name the accounts to show."
        )
    offering = _the_one(load_offerings(options, Part.WAREHOUSE).chosen)
    asked = _of_cluster(offering.job.metering, sorted(accounts), cluster)
    clock = SystemClock()
    calendar = Calendar(now=clock.now(), zone=offering.settings.zone)
    periods = periods_to_show(period, calendar)
    _check_days(offering.job.metering.kind, periods)
    with sigterm_like_ctrl_c():
        reports = asyncio.run(fetch_every(offering, periods, asked, clock))
    shown = ShownUsage(
        metering=offering.job.metering,
        reports=reports,
        by_period=period.is_span and not period.is_of_days,
        verbose=options.verbose,
    )
    _show(shown, json=options.json, csv=csv)
    return ExitCode.DONE_WITH_PROBLEMS if shown.is_doubtful else ExitCode.DONE


def _the_one(offerings: Sequence[UsageOffering]) -> UsageOffering:
    """Accounts of one name may be in the warehouses of several."""
    if len(offerings) > 1:
        names = ", ".join(offering.job.name for offering in offerings)
        raise UsageError(
            f"Several offerings are configured ({visible(names)}); choose one by --offering."
        )
    return offerings[0]


def _of_cluster(
    metering: Metering, accounts: Iterable[str], cluster: str | None
) -> list[MeteredAccount]:
    """Raises `UsageError` for a cluster that the warehouse cannot be asked for."""
    if cluster is None:
        return [MeteredAccount(name) for name in accounts]
    if metering.profile is not WarehouseProfile.V2 or metering.kind is not UsageKind.COMPUTE:
        raise UsageError(
            f"--cluster {shown(cluster)}: the warehouse knows clusters of compute in profile "
            f"{WarehouseProfile.V2} only, and this is {metering.kind} in {metering.profile}; "
            "leave it out."
        )
    if not cluster.strip():
        raise UsageError("--cluster is empty, as a variable that is not set leaves it.")
    return [MeteredAccount(name, cluster) for name in accounts]


def _check_days(kind: UsageKind, periods: Sequence[Period]) -> None:
    """Raises `UsageError` for days that this kind is not known of."""
    days = periods[0]
    if not isinstance(days, Days) or kind is UsageKind.COMPUTE:
        return
    if kind is UsageKind.INFERENCE:
        raise UsageError("The warehouse knows costs of inference by month only; name months.")
    if days.first != days.last:
        raise UsageError(
            "Storage is what there is on one day, and does not add up; let --from and --to be "
            "the same day."
        )


async def fetch_every(
    offering: UsageOffering,
    periods: Sequence[Period],
    asked: Sequence[MeteredAccount],
    clock: Clock | None = None,
) -> tuple[UsageReport, ...]:
    """The report of each period. Raises `UpstreamServiceError`."""
    metering, is_one = offering.job.metering, len(periods) == 1
    reports: list[UsageReport] = []
    async with usage_service(offering, clock, with_waldur=False) as service:
        with progress_display(service.clock) as tell:
            for number, period in enumerate(periods):
                if not is_one:
                    tell(Stage.MONTHS, number, len(periods))
                within = tell if is_one else no_progress
                reports.append(
                    await fetch_report(service.warehouse, metering, period, asked, progress=within)
                )
    return tuple(reports)


def _show(shown: ShownUsage, *, json: bool, csv: bool) -> None:
    if not json and not csv:
        shown.show(console())
        return
    say_bytes(shown.document() if json else shown.csv())
    for line in shown.problem_lines():
        complain(line)
