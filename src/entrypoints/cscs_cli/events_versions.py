"""`cscs events upgrade` and `cscs events downgrade`: the tables of another version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cscs_bootstrap.events_administration import Revision, event_database
from cscs_bootstrap.json_text import encode
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.terminal import say, say_bytes


def events_upgrade(*, options: EventsOptions = DEFAULTS) -> int:
    """Bring the tables up to this version."""
    database = event_database(load_for_events(options))
    steps = database.upgrade()
    _tell(database.place, "upgraded", steps, json=options.json)
    return ExitCode.DONE


def events_downgrade(
    *,
    steps: Annotated[
        int, Parameter(metavar="N", validator=Number(gte=1), help="How many steps to take back.")
    ] = 1,
    yes: Annotated[bool, Parameter(help="Do it: what the steps brought is lost.")] = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Take steps of the tables back, for an older version of cscs-domain."""
    database = event_database(load_for_events(options))
    if not yes:
        lost = "\n".join(f"  {step}" for step in database.last_steps(steps))
        raise UsageError(
            f"{database.place}: nothing was done. These steps would be taken back, and everything "
            f"that their tables hold would be lost:\n{lost or '  none'}\n"
            "Make a backup (`cscs events backup FILE`), then say --yes."
        )
    _tell(database.place, "taken back", database.downgrade(f"-{steps}"), json=options.json)
    return ExitCode.DONE


def _tell(place: str, what: str, steps: Sequence[Revision], *, json: bool) -> None:
    if json:
        say_bytes(encode({"store": place, "steps": [str(step) for step in steps]}))
        return
    for step in steps:
        say(f"{what}: {step}")
    if not steps:
        say(f"{place}: nothing to do.")
