"""`cscs events erase`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_erase_output import erasure_lines, erasure_wire
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_person import NOBODY, PersonOptions, the_person
from cscs_cli.events_running import with_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.operator_name import operator_name
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

    async def work(events: EventsService) -> tuple[ErasureReport, bool]:
        found = await the_person(events, person)
        with progress_display(events.clock) as progress:
            report = await erase_person(
                found.person,
                store=events.store,
                by=by,
                at=events.clock.now(),
                reason=reason,
                dry_run=dry_run,
                progress=progress,
            )
        return report, found.in_directory

    try:
        report, in_directory = with_events(settings, work)
    except KeyboardInterrupt:
        complain("Interrupted. What was erased is erased; run it again for the rest.")
        raise
    if options.json:
        wire = erasure_wire(report, dry_run=dry_run)
        say_bytes(encode({**wire, "in_directory": in_directory}))
    else:
        for line in erasure_lines(report, dry_run=dry_run):
            say(line)
    return ExitCode.DONE_WITH_PROBLEMS if report.left else ExitCode.DONE
