"""Which days are meant by `--from` and `--to`: days of the site's zone, both included."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Final

import attrs
from cyclopts import Parameter

from cscs_cli.failures import UsageError
from cscs_domain._text import shown
from cscs_domain.events.bounds import EARLIEST, LATEST
from cscs_domain.events.site_days import SiteDays

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DayOptions:
    """A span of days; open where nothing is said."""

    first: Annotated[
        str | None,
        Parameter(name="--from", metavar="YYYY-MM-DD", help="The first day (at the site)."),
    ] = None
    last: Annotated[
        str | None,
        Parameter(name="--to", metavar="YYYY-MM-DD", help="The last day, which is included."),
    ] = None


ALL_DAYS: Final = DayOptions()


@attrs.frozen(kw_only=True)
class Window:
    """Moments in the half-open `[start, end)`; None is open."""

    start: datetime | None = None
    end: datetime | None = None


def window_of(options: DayOptions, zone: tzinfo) -> Window:
    """The days as moments. Raises `UsageError`."""
    first, last = _parsed(options)
    days = SiteDays(zone)
    return Window(
        start=None if first is None else days.beginning(first),
        end=None if last is None else days.beginning(last + timedelta(days=1)),
    )


def days_of(options: DayOptions, today: date) -> tuple[date, date]:
    """The first and the last day; by default the month of the last one up to it, and today.

    Raises `UsageError`.
    """
    first, last = _parsed(options)
    last = last or (today if first is None or first <= today else first)
    return first or last.replace(day=1), last


def _parsed(options: DayOptions) -> tuple[date | None, date | None]:
    first = None if options.first is None else _day("--from", options.first)
    last = None if options.last is None else _day("--to", options.last)
    if first is not None and last is not None and last < first:
        raise UsageError(f"--from {first} is after --to {last}; swap them.")
    return first, last


def _day(option: str, text: str) -> date:
    if not _DAY.fullmatch(text.strip()):
        raise UsageError(f"{option} {shown(text)} is no day; write it as 2026-11-19.")
    try:
        found = date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"{option} {shown(text)} is no day: {error}.") from None
    if not EARLIEST.year <= found.year < LATEST.year:
        years = f"{EARLIEST.year} to {LATEST.year - 1}"
        raise UsageError(f"{option} {found} is outside of the years {years}, as no event is.")
    return found
