"""`cscs events summary`."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
from cyclopts import Parameter

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.system_clock import SystemClock
from cscs_cli.events_days import ALL_DAYS, DayOptions, days_of
from cscs_cli.events_filters import named
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_summary_output import caution, show_summary, summary_csv
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.terminal import complain, console, say_bytes, say_piece
from cscs_domain.events.buckets import BucketSize
from cscs_domain.events.stored import UsageScope
from cscs_domain.events.summarise_usage import summarise_usage
from cscs_domain.events.usage_summary import SummaryQuery, usage_summary_to_wire
from cscs_domain.ports import Clock


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SeriesOptions:
    """What is summed up besides whose it is."""

    source: Annotated[
        str | None, Parameter(metavar="NAME", help="Only events of this source, such as pbsAcct.")
    ] = None
    granularity: Annotated[
        BucketSize, Parameter(show_default=True, help="What a point of the series stands for.")
    ] = BucketSize.DAY


USUAL: Final = SeriesOptions()


def events_summary(
    *,
    scope: Annotated[UsageScope, Parameter(help="Whose usage it is.")],
    id: Annotated[str, Parameter(metavar="ID", help="Its id in the directory.")],  # noqa: A002
    series: SeriesOptions = USUAL,
    days: DayOptions = ALL_DAYS,
    csv: Annotated[bool, Parameter(help="Print the series as CSV.")] = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Sum up the usage of a user, a project or an allocation."""
    if csv and options.json:
        raise UsageError("--csv and --json exclude each other; choose one.")
    named("--id", id)
    settings = load_for_events(options)
    query = summary_query(scope, id, series, days, settings, SystemClock())
    summary = with_events(
        settings,
        lambda events: summarise_usage(query, store=events.store, directory=events.directory),
    )
    if sentence := caution(summary):
        complain(sentence)
    if options.json:
        say_bytes(encode(usage_summary_to_wire(summary)))
    elif csv:
        say_piece(summary_csv(summary))
    else:
        show_summary(summary, console())
    return ExitCode.DONE


def summary_query(
    scope: UsageScope,
    wanted: str,
    series: SeriesOptions,
    days: DayOptions,
    settings: Settings,
    clock: Clock,
) -> SummaryQuery:
    """What was asked for; `wanted` is the id. Raises `UsageError` and `InvalidValueError`."""
    first, last = days_of(days, clock.now().astimezone(settings.zone).date())
    return SummaryQuery(
        scope=scope,
        id=wanted,
        first=first,
        last=last,
        source=named("--source", series.source),
        size=series.granularity,
    )
