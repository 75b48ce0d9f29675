"""`cscs events init`."""

from __future__ import annotations

from typing import Annotated

import attrs
from cyclopts import Parameter

from cscs_bootstrap.events_administration import (
    EventDatabase,
    Initialised,
    Layout,
    TimescaleChoice,
    event_database,
)
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.system_clock import SystemClock
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.plurals import counted
from cscs_cli.terminal import say, say_bytes


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class InitOptions:
    """What is made, or only printed."""

    timescale: Annotated[
        TimescaleChoice,
        Parameter(show_default=True, help="Whether a new PostgreSQL store is one of TimescaleDB."),
    ] = TimescaleChoice.AUTO
    print_sql: Annotated[
        bool, Parameter(help="Print the statements for somebody who runs them; ask no server.")
    ] = False
    dialect: Annotated[
        Layout | None,
        Parameter(help="With --print-sql: of which database; by default the configured one."),
    ] = None


USUAL = InitOptions()


def events_init(*, how: InitOptions = USUAL, options: EventsOptions = DEFAULTS) -> int:
    """Make the tables of the store, or print how."""
    if how.dialect is not None and not how.print_sql:
        raise UsageError("--dialect goes with --print-sql: a store is of the database's dialect.")
    if how.print_sql and options.json:
        raise UsageError("--print-sql prints statements and no JSON; leave one of them out.")
    database = event_database(load_for_events(options))
    now = SystemClock().now()
    if how.print_sql:
        say_bytes(database.printed(how.dialect or _dialect(database, how), now).rstrip().encode())
        return ExitCode.DONE
    made = database.initialise(how.timescale, now)
    if options.json:
        say_bytes(encode({"store": database.place, **_wire(made)}))
    else:
        say(f"{database.place}: {_sentence(made)}")
    return ExitCode.DONE


def _dialect(database: EventDatabase, how: InitOptions) -> Layout:
    if database.place.startswith("sqlite:"):
        return Layout.SQLITE
    is_timescale = how.timescale is TimescaleChoice.ON
    return Layout.TIMESCALEDB if is_timescale else Layout.POSTGRESQL


def _wire(made: Initialised) -> dict[str, object]:
    return {
        "dialect": made.layout.value,
        "is_new": made.is_new,
        "months": [str(month) for month in made.months],
    }


def _sentence(made: Initialised) -> str:
    what = "the tables are made" if made.is_new else "the tables were there already"
    months = f", room for {counted(len(made.months), 'month')} was made" if made.months else ""
    return f"{what} ({made.layout}){months}."
