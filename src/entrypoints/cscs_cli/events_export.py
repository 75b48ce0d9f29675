"""`cscs events export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.private_file import private_file
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_person import NOBODY, PersonOptions, further_lines, further_wire, the_person
from cscs_cli.events_running import with_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import say, say_bytes, visible
from cscs_cli.unwritten_files import unwritten
from cscs_domain.events.export_person import export_person
from cscs_domain.events.further_identities import FurtherIdentities
from cscs_domain.progress import Stage


def events_export(
    *,
    output: Annotated[Path, NAMED_PATH, Parameter(metavar="FILE", help="The file to write.")],
    person: PersonOptions = NOBODY,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Write every event about a person, with its link, to a file."""
    person.check()
    settings = load_for_events(options)

    async def work(events: EventsService) -> tuple[int, FurtherIdentities, bool]:
        found, count = await the_person(events, person), 0
        further = FurtherIdentities(found.person)
        with private_file(output) as write, progress_display(events.clock) as progress:
            async for wire in export_person(found.person, store=events.store, further=further):
                write(encode(wire) + b"\n")
                count += 1
                progress(Stage.EXPORTING, count, None)
        return count, further, found.in_directory

    try:
        count, further, in_directory = with_events(settings, work)
    except OSError as error:
        raise unwritten("--output", output, error) from None
    if options.json:
        wire = {"file": str(output), "events": count, "in_directory": in_directory}
        say_bytes(encode({**wire, "further_identities": further_wire(further.listed)}))
    else:
        say(f"{visible(str(output))}: {counted(count, 'event')} of the person.")
        for line in further_lines(further.listed):
            say(line)
    return ExitCode.DONE
