"""`cscs events relink`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_cli.events_days import ALL_DAYS, DayOptions
from cscs_cli.events_filters import ALL_EVENTS, FilterOptions, event_filter
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_texts import link_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import complain, console, say, say_bytes
from cscs_cli.usage_tables import UsageTable
from cscs_domain.events.relink_events import relink_events
from cscs_domain.events.relink_report import Relinked, RelinkReport, relink_report_to_wire
from cscs_domain.events.stored import EventFilter

_COLUMNS: Final = ("event", "before", "after")


def events_relink(
    *,
    filters: FilterOptions = ALL_EVENTS,
    days: DayOptions = ALL_DAYS,
    dry_run: Annotated[bool, Parameter(help="Say what would change; change nothing.")] = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Make links again, by the directory as it is now."""
    settings = load_for_events(options)
    wanted = event_filter(filters, days, zone=settings.zone)
    _refuse_no_directory(settings)
    try:
        report = with_events(settings, partial(_relinked, wanted=wanted, dry_run=dry_run))
    except KeyboardInterrupt:
        complain("Interrupted. Links that were made again stay; run it again for the others.")
        raise
    if options.json:
        say_bytes(encode({"dry_run": dry_run, **relink_report_to_wire(report)}))
    else:
        _show(report, dry_run=dry_run)
    is_doubtful = report.newly_unresolved or report.overtaken
    return ExitCode.DONE_WITH_PROBLEMS if is_doubtful else ExitCode.DONE


async def _relinked(events: EventsService, *, wanted: EventFilter, dry_run: bool) -> RelinkReport:
    with progress_display(events.clock) as progress:
        return await relink_events(
            wanted,
            store=events.store,
            directory=events.directory,
            at=events.clock.now(),
            dry_run=dry_run,
            progress=progress,
        )


def _refuse_no_directory(settings: Settings) -> None:
    directory = settings.adapters.directory
    if directory.kind is AdapterKind.FILE and not directory.path:
        raise UsageError(
            "adapters.directory.path is not set: without a directory every link would be lost. "
            "`cscs events directory example` prints one to begin with."
        )


def _show(report: RelinkReport, *, dry_run: bool) -> None:
    rows = list(map(_row, report.examples))
    UsageTable(columns=_COLUMNS, amounts=frozenset(), rows=rows).show(console())
    if report.changed > len(rows):
        say(f"... and {counted(report.changed - len(rows), 'more event')}")
    say(
        f"{counted(report.seen, 'event')}: {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.manual} kept as set by hand; {report.newly_resolved} newly resolved, "
        f"{report.newly_unresolved} newly unresolved."
    )
    if report.overtaken:
        say(f"{counted(report.overtaken, 'event')} changed meanwhile; run it again for them.")
    if dry_run:
        say("Dry run: nothing was changed.")


def _row(relinked: Relinked) -> tuple[str, ...]:
    return (
        str(relinked.stored.event_id),
        link_text(relinked.before),
        link_text(relinked.after),
    )
