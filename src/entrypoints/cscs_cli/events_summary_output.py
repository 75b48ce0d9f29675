"""What `cscs events summary` prints: tables for people, or a series as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.text import Text

from cscs_cli.events_texts import NOTHING, hours_text, moment_text, name_text
from cscs_cli.plurals import counted
from cscs_cli.terminal import visible
from cscs_cli.usage_tables import UsageTable
from cscs_domain._text import shown
from cscs_domain.events.granted_use import GrantUse, UnitUse
from cscs_domain.events.hours import gib_hours, hours
from cscs_domain.events.usage_summary import UsageSummary, sums_to_wire
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums

_AMOUNTS: Final = (
    *("cpu-hours", "gpu-hours", "walltime", "RAM GiB-hours", "storage GiB-hours", "events"),
)
_GRANTS: Final = ("granted", "consumed", "left", "share")


def summary_csv(summary: UsageSummary) -> bytes:
    """A record for each point of the series, with the names of JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "from", "to", *sums_to_wire(NOTHING_USED)))
    for bucket in summary.series:
        days = (bucket.name, bucket.first.isoformat(), bucket.last.isoformat())
        writer.writerow((*days, *map(_plain, sums_to_wire(bucket.sums).values())))
    return out.getvalue().encode()


def caution(summary: UsageSummary) -> str | None:
    """What to say of a summary besides: most often, somebody has mistyped an id."""
    if summary.name is not None:
        return None
    kind, id_ = summary.query.scope.value, shown(summary.query.id)
    return (
        f"The directory has no {kind} with the id {id_} (any more); its usage is told all the same."
    )


def show_summary(summary: UsageSummary, console: Console) -> None:
    """Print what it is of, the series with its totals, and grants."""
    query = summary.query
    whose = f"{query.scope} {query.id}" + ("" if summary.name is None else f", {summary.name}")
    source = "" if query.source is None else f", source {query.source}"
    heading = visible(f"{whose}: {query.first} to {query.last}{source}")
    console.print(Text(heading, style="bold"), soft_wrap=True)
    rows = [(bucket.name, *_cells(bucket.sums)) for bucket in summary.series]
    rows.append(("total", *_cells(summary.totals)))
    columns = (query.size.value, *_AMOUNTS)
    UsageTable(columns=columns, amounts=frozenset(_AMOUNTS), rows=rows).show(console)
    _show_grants(summary, console)
    if count := summary.totals.not_summed:
        note = f"{counted(count, 'event')} of totals do not add up and were left out of the sums."
        console.print(Text(note), soft_wrap=True)


def _cells(sums: UsageSums) -> tuple[str, ...]:
    amounts = (
        hours(sums.cpu_seconds),
        hours(sums.gpu_seconds),
        hours(sums.walltime_seconds),
        gib_hours(sums.ram_byte_seconds),
        gib_hours(sums.storage_byte_seconds),
    )
    return (*map(_plain, amounts), str(sums.events))


def _show_grants(summary: UsageSummary, console: Console) -> None:
    if not summary.grants:
        return
    console.print()
    rows = [row for use in summary.grants for row in _grants(use)]
    columns = ("allocation", "status", "from", "to", "unit", *_GRANTS)
    UsageTable(columns=columns, amounts=frozenset(_GRANTS), rows=rows).show(console)


def _grants(use: GrantUse) -> Iterator[tuple[str, ...]]:
    """A line for each unit that was granted, one without amounts where none was."""
    allocation = (
        name_text(use.allocation),
        use.status.value,
        NOTHING if use.start is None else moment_text(use.start),
        NOTHING if use.end is None else moment_text(use.end),
    )
    if not use.units:
        yield (*allocation, NOTHING, *(NOTHING for _ in _GRANTS))
    for unit in use.units:
        yield (*allocation, *_amounts(unit))


def _amounts(unit: UnitUse) -> tuple[str, ...]:
    share = unit.share
    return (
        unit.unit.value.replace("_", "-"),
        str(unit.granted_hours),
        hours_text(unit.consumed_seconds),
        hours_text(unit.remaining_seconds),
        NOTHING if share is None else f"{share * 100:.2f} %",
    )


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
