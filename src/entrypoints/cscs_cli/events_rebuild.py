"""`cscs events rebuild`."""

from __future__ import annotations

from cscs_bootstrap.events_administration import event_database
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import complain, say, say_bytes
from cscs_domain.progress import Stage


def events_rebuild(*, options: EventsOptions = DEFAULTS) -> int:
    """Sum everything up again, by days of the configured zone."""
    settings = load_for_events(options)
    database = event_database(settings)
    days = database.rebuild()

    async def summed(service: EventsService) -> int:
        with progress_display(service.clock) as progress:
            progress(Stage.SUMMING, 0, days)
            return await service.store.refresh()

    try:
        done = with_events(settings, summed)
    except KeyboardInterrupt:
        complain("Interrupted. Whoever reads sums next sums up what is left.")
        raise
    if options.json:
        say_bytes(encode({"store": database.place, "zone": str(settings.zone), "days": done}))
    else:
        say(f"{database.place}: {counted(done, 'day')} of {settings.zone} summed up.")
    return ExitCode.DONE
