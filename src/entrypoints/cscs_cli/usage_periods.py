"""Which months or days are meant by `--month`, or by `--from` and `--to`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Annotated, Final, TypeVar

import attrs
from cyclopts import Parameter

from cscs_cli.failures import UsageError
from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.months import Days, Month, Period, months_between, months_to_report

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_When = TypeVar("_When", Month, date)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class PeriodOptions:
    """A month, or a span of them."""

    month: Annotated[
        str | None, Parameter(metavar="YYYY-MM", help="The month; by default the current one.")
    ] = None
    first: Annotated[
        str | None, Parameter(name="--from", metavar="YYYY-MM", help="The first of several months.")
    ] = None
    last: Annotated[
        str | None,
        Parameter(name="--to", metavar="YYYY-MM", help="The last one; by default the current."),
    ] = None

    @property
    def is_span(self) -> bool:
        """Whether there may be more than one."""
        return self.first is not None

    @property
    def is_of_days(self) -> bool:
        """Whether `--from` names a day."""
        return self.first is not None and _is_day(self.first)


NOW: Final = PeriodOptions()


@attrs.frozen(kw_only=True)
class Calendar:
    """Today at the site: one reading of the clock, in the site's zone."""

    now: datetime
    zone: tzinfo

    @property
    def month(self) -> Month:
        """The current one."""
        return Month.of(self.now, self.zone)

    @property
    def today(self) -> date:
        """The date."""
        return self.now.astimezone(self.zone).date()


@attrs.frozen(kw_only=True)
class ChosenMonths:
    """The months to report, oldest first, and which of them are reported by habit."""

    months: tuple[Month, ...]
    open_months: frozenset[Month] = frozenset()


def months_of_report(
    options: PeriodOptions, calendar: Calendar, *, grace_days: int
) -> ChosenMonths:
    """The months that were asked for; by default the current one, and the one before it while
    that is not closed. Raises `UsageError`.
    """
    if options == NOW:
        months = months_to_report(calendar.now, calendar.zone, grace_days=grace_days)
        return ChosenMonths(months=months, open_months=frozenset(months[:-1]))
    return ChosenMonths(months=_months(options, calendar))


def periods_to_show(options: PeriodOptions, calendar: Calendar) -> tuple[Period, ...]:
    """The months that were asked for, or the days as one period. Raises `UsageError`."""
    if options.is_of_days:
        return (_days(options, calendar),)
    return _months(options, calendar)


def _months(options: PeriodOptions, calendar: Calendar) -> tuple[Month, ...]:
    if options.month is None:
        first, last = _span(options, calendar.month, _month)
    elif options.first is options.last is None:
        first = last = _month("--month", options.month)
    else:
        raise UsageError("--month and --from/--to exclude each other; choose one.")
    if (latest := max(first, last)) > calendar.month:
        raise _not_begun(latest, calendar.month, calendar)
    return _spanned(first, last)


def _days(options: PeriodOptions, calendar: Calendar) -> Days:
    if options.month is not None:
        raise UsageError("--month and --from/--to exclude each other; choose one.")
    first, last = _span(options, calendar.today, _day)
    if (latest := max(first, last)) > calendar.today:
        raise _not_begun(latest, calendar.today, calendar)
    try:
        days = Days(first, last)
    except InvalidValueError as error:
        raise UsageError(f"--from and --to: {error}; swap them.") from None
    _spanned(Month(first.year, first.month), Month(last.year, last.month))
    return days


def _span(
    options: PeriodOptions, now: _When, parse: Callable[[str, str], _When]
) -> tuple[_When, _When]:
    """First and last; without either, it is now."""
    if options.first is None:
        if options.last is not None:
            raise UsageError(f"--to {shown(options.last)} needs --from: say where to begin.")
        return now, now
    last = now if options.last is None else parse("--to", options.last)
    return parse("--from", options.first), last


def _spanned(first: Month, last: Month) -> tuple[Month, ...]:
    try:
        return months_between(first, last)
    except InvalidValueError as error:
        advice = "swap them" if last < first else "do it in parts"
        raise UsageError(f"--from and --to: {error}; {advice}.") from None


def _month(option: str, text: str) -> Month:
    if _is_day(text):
        reason = "is a day where a month is needed; write it as 2026-11"
        raise UsageError(f"{option} {shown(text)} {reason}.")
    try:
        return Month.parse(text)
    except InvalidValueError as error:
        raise UsageError(f"{option} {shown(text)}: {error}.") from None


def _day(option: str, text: str) -> date:
    if not _is_day(text):
        reason = "is no day; --from is one, so write it as 2026-11-19"
        raise UsageError(f"{option} {shown(text)} {reason}.")
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"{option} {shown(text)} is no day: {error}.") from None


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(text.strip()) is not None


def _not_begun(when: Month | date, now: Month | date, calendar: Calendar) -> UsageError:
    return UsageError(
        f"{when} has not begun: it is {now} at the site ({calendar.zone}). Choose an earlier one."
    )
