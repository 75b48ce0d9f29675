"""`cscs events export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.private_file import private_file
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_person import NOBODY, PersonOptions, the_person
from cscs_cli.events_running import with_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import say, say_bytes, visible
from cscs_domain.events.export_person import export_person
from cscs_domain.progress import Stage


def events_export(
    *,
    output: Annotated[Path, NAMED_PATH, Parameter(metavar="FILE", help="The file to write.")],
    person: PersonOptions = NOBODY,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Write everything that is known of a person to a file."""
    person.check()
    settings = load_for_events(options)

    async def work(events: EventsService) -> int:
        found, count = await the_person(events, person), 0
        with private_file(output) as write, progress_display(events.clock) as progress:
            async for wire in export_person(found, store=events.store):
                write(encode(wire) + b"\n")
                count += 1
                progress(Stage.EXPORTING, count, None)
        return count

    try:
        count = with_events(settings, work)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(f"--output {visible(str(output))} cannot be written: {why}.") from None
    if options.json:
        say_bytes(encode({"file": str(output), "events": count}))
    else:
        say(f"{visible(str(output))}: {counted(count, 'event')} of the person.")
    return ExitCode.DONE
