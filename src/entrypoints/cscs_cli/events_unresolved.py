"""`cscs events unresolved`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import Settings
from cscs_cli.events_days import ALL_DAYS, DayOptions, window_of
from cscs_cli.events_filters import named
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_texts import hours_text, identity_text, moment_text, name_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.plurals import counted
from cscs_cli.terminal import console, say, say_bytes
from cscs_cli.usage_tables import UsageTable
from cscs_domain.events.stored import Missing, UnresolvedGroup, UnresolvedQuery
from cscs_domain.events.stored_wire import unresolved_group_to_wire

_COLUMNS: Final = (
    *("cpu-hours", "events", "source", "project", "identity", "first", "last", "missing"),
)
_USUAL: Final = (Missing.USER, Missing.PROJECT)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class UnresolvedOptions:
    """Which groups are shown."""

    source: Annotated[
        str | None, Parameter(metavar="NAME", help="Only events of this source, such as pbsAcct.")
    ] = None
    missing: Annotated[
        tuple[Missing, ...],
        Parameter(
            consume_multiple=True,
            show_default=False,
            help="What is missing of the link; by default user or project.",
        ),
    ] = _USUAL
    limit: Annotated[
        int,
        Parameter(metavar="N", validator=Number(gte=1, lte=1000), help="The first N groups."),
    ] = 100


USUAL: Final = UnresolvedOptions()


def events_unresolved(
    *,
    which: UnresolvedOptions = USUAL,
    days: DayOptions = ALL_DAYS,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Print what could not be linked, grouped, the most processor time first."""
    settings = load_for_events(options)
    query = unresolved_query(settings, which, days)
    groups = with_events(settings, lambda service: service.store.unresolved(query))
    if options.json:
        say_bytes(encode({"groups": list(map(unresolved_group_to_wire, groups))}))
    else:
        _show(groups, query)
    return ExitCode.DONE


def unresolved_query(
    settings: Settings, which: UnresolvedOptions, days: DayOptions
) -> UnresolvedQuery:
    """What was asked for. Raises `UsageError`."""
    window = window_of(days, settings.zone)
    return UnresolvedQuery(
        start=window.start,
        end=window.end,
        source=named("--source", which.source),
        missing=frozenset(which.missing),
        limit=which.limit,
    )


def _show(groups: Sequence[UnresolvedGroup], query: UnresolvedQuery) -> None:
    rows = list(map(_row, groups))
    amounts = frozenset({"cpu-hours", "events"})
    UsageTable(columns=_COLUMNS, amounts=amounts, rows=rows).show(console())
    events = sum(group.events for group in groups)
    if not groups:
        say("Nothing is missing.")
        return
    say(f"{counted(len(groups), 'group')} of {counted(events, 'event')}.")
    if len(groups) == query.limit:
        say("There may be more; --limit shows them.")


def _row(group: UnresolvedGroup) -> tuple[str, ...]:
    return (
        hours_text(group.cpu_seconds),
        str(group.events),
        name_text(group.source),
        name_text(group.project),
        identity_text(group.identity),
        moment_text(group.first),
        moment_text(group.last),
        ", ".join(group.gaps),
    )
