"""`cscs events list`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Final

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from cscs_api.usage_formats import as_csv, as_lines, csv_titles
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_days import ALL_DAYS, DayOptions
from cscs_cli.events_filters import ALL_EVENTS, FilterOptions, event_filter
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_texts import hours_text, moment_text, name_text, state_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.terminal import console, say, say_piece
from cscs_cli.usage_tables import UsageTable
from cscs_domain.events.event_walk import chunks_of
from cscs_domain.events.stored import MOST_A_PAGE, EventFilter, StoredEvent
from cscs_domain.events.stored_wire import stored_event_to_wire
from cscs_domain.ports import UsageEventStore

_SHOWN: Final = 50
"""Events in a table or in one JSON object, unless told otherwise."""
_COLUMNS: Final = ("event", "begins", "source", "cpu-hours", "user", "project", "link")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ListOptions:
    """How much is listed, and as what."""

    limit: Annotated[
        int | None,
        Parameter(
            metavar="N",
            validator=Number(gte=1),
            help=f"At most N events; {_SHOWN} in a table or JSON, else all.",
        ),
    ] = None
    csv: Annotated[bool, Parameter(help="Print CSV, a record an event.")] = False
    ndjson: Annotated[bool, Parameter(help="Print a JSON object an event and line.")] = False


USUAL: Final = ListOptions()


def events_list(
    *,
    filters: FilterOptions = ALL_EVENTS,
    days: DayOptions = ALL_DAYS,
    how: ListOptions = USUAL,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Print events with their links, oldest windows first."""
    if how.csv + how.ndjson + options.json > 1:
        raise UsageError("--csv, --ndjson and --json exclude each other; choose one.")
    settings = load_for_events(options)
    wanted = event_filter(filters, days, zone=settings.zone)
    if how.csv or how.ndjson:
        with_events(settings, partial(_stream, wanted=wanted, how=how))
        return ExitCode.DONE
    limit = how.limit or _SHOWN
    # One more than are shown, to know whether there are more.
    found = with_events(settings, partial(_first, wanted=wanted, most=limit + 1))
    _show(found, limit, json=options.json)
    return ExitCode.DONE


async def pages(
    store: UsageEventStore, wanted: EventFilter, most: int | None = None
) -> AsyncIterator[Sequence[StoredEvent]]:
    """Pages of events in their order, at most so many events in all."""
    left = most
    size = MOST_A_PAGE if most is None else min(most, MOST_A_PAGE)
    async for page in chunks_of(store, wanted, size=size):
        yield page if left is None else page[:left]
        left = None if left is None else left - len(page)
        if left is not None and left <= 0:
            return


async def _first(events: EventsService, *, wanted: EventFilter, most: int) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    async for page in pages(events.store, wanted, most):
        found += page
    return found


async def _stream(events: EventsService, *, wanted: EventFilter, how: ListOptions) -> None:
    """Page by page, so that any number of events takes the same memory."""
    if how.csv:
        say_piece(csv_titles())
    written = as_csv if how.csv else as_lines
    async for page in pages(events.store, wanted, how.limit):
        say_piece(written(page))


def _show(found: Sequence[StoredEvent], limit: int, *, json: bool) -> None:
    shown, has_more = found[:limit], len(found) > limit
    if json:
        wire = {"events": list(map(stored_event_to_wire, shown)), "has_more": has_more}
        say_piece(encode(wire) + b"\n")
        return
    rows = list(map(_row, shown))
    UsageTable(columns=_COLUMNS, amounts=frozenset({"cpu-hours"}), rows=rows).show(console())
    if has_more:
        say(f"... and more; --limit shows more than {limit}, --csv and --ndjson all.")
    elif not shown:
        say("No such events.")


def _row(stored: StoredEvent) -> tuple[str, ...]:
    link = stored.link
    return (
        str(stored.event_id),
        moment_text(stored.event.time_window_start),
        name_text(stored.event.source),
        hours_text(stored.event.metrics.cpu_time_seconds),
        name_text(link.user),
        name_text(link.project),
        state_text(link),
    )
