"""What `cscs events erase` says it has done."""

from __future__ import annotations

from collections.abc import Iterator

from cscs_cli.events_person import further_lines, further_wire
from cscs_cli.events_texts import moment_text
from cscs_cli.plurals import counted
from cscs_domain.events.erase_person import ErasureReport


def erasure_wire(report: ErasureReport, *, dry_run: bool) -> dict[str, object]:
    """The report as plain JSON values."""
    return {
        "dry_run": dry_run,
        "events": report.events,
        "left": report.left,
        "first": report.first and moment_text(report.first),
        "last": report.last and moment_text(report.last),
        "sums": report.sums,
        "further_identities": further_wire(report.further_identities),
    }


def erasure_lines(report: ErasureReport, *, dry_run: bool) -> Iterator[str]:
    """The report for people."""
    if report.first is None or report.last is None:
        yield "No event tells of the person."
    else:
        span = f"{moment_text(report.first)} to {moment_text(report.last)}"
        verb = "would be erased from" if dry_run else "is erased from"
        yield f"The person {verb} {counted(report.events, 'event')}, of {span}."
    if report.sums:
        yield f"The user is gone from {counted(report.sums, 'daily sum')} whose events are gone."
    if report.left:
        yield f"{counted(report.left, 'event')} kept being replaced; run it again for them."
    yield from further_lines(report.further_identities)
    if dry_run:
        yield "Dry run: nothing was changed."
