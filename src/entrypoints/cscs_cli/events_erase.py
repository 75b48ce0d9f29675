"""`cscs events erase`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_person import NOBODY, PersonOptions, the_person
from cscs_cli.events_running import with_events
from cscs_cli.events_texts import moment_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.operator_name import operator_name
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import complain, say, say_bytes
from cscs_domain.events.erase_person import ErasureReport, erase_person


def events_erase(
    *,
    person: PersonOptions = NOBODY,
    reason: Annotated[
        str, Parameter(metavar="TEXT", help="Why; it is remembered with each event.")
    ] = "a person's request to be forgotten",
    dry_run: Annotated[bool, Parameter(help="Count the events; erase nothing.")] = False,
    yes: Annotated[bool, Parameter(help="Do it: it cannot be undone.")] = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Remove a person from all events; their numbers stay."""
    person.check()
    if not dry_run and not yes:
        raise UsageError(
            "Nothing was erased, since it cannot be undone: --dry-run counts the events, --yes "
            "erases the person from them."
        )
    by = operator_name()
    settings = load_for_events(options)

    async def work(events: EventsService) -> ErasureReport:
        found = await the_person(events, person)
        with progress_display(events.clock) as progress:
            return await erase_person(
                found,
                store=events.store,
                by=by,
                at=events.clock.now(),
                reason=reason,
                dry_run=dry_run,
                progress=progress,
            )

    try:
        report = with_events(settings, work)
    except KeyboardInterrupt:
        complain("Interrupted. What was erased is erased; run it again for the rest.")
        raise
    if options.json:
        say_bytes(encode(_wire(report, dry_run=dry_run)))
    else:
        _show(report, dry_run=dry_run)
    return ExitCode.DONE_WITH_PROBLEMS if report.left else ExitCode.DONE


def _wire(report: ErasureReport, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "events": report.events,
        "left": report.left,
        "first": report.first and moment_text(report.first),
        "last": report.last and moment_text(report.last),
    }


def _show(report: ErasureReport, *, dry_run: bool) -> None:
    if report.first is None or report.last is None:
        say("No event tells of the person.")
    else:
        span = f"{moment_text(report.first)} to {moment_text(report.last)}"
        verb = "would be erased from" if dry_run else "is erased from"
        say(f"The person {verb} {counted(report.events, 'event')}, of {span}.")
    if report.left:
        say(f"{counted(report.left, 'event')} kept being replaced; run it again for them.")
    if dry_run:
        say("Dry run: nothing was changed.")
