"""Which months and days are meant, and what is no period at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from cscs_cli.failures import UsageError
from cscs_cli.usage_periods import Calendar, PeriodOptions, months_of_report, periods_to_show
from cscs_domain.usage.months import Days, Month, Period

ZURICH: Final = ZoneInfo("Europe/Zurich")


def calendar(text: str = "2026-11-21T14:05", zone: tzinfo = UTC) -> Calendar:
    return Calendar(now=datetime.fromisoformat(text).replace(tzinfo=UTC), zone=zone)


def options(text: str) -> PeriodOptions:
    """As `month=2026-11` or `first=... last=...`."""
    return PeriodOptions(**dict(word.split("=") for word in text.split()))


def reported(text: str, when: Calendar | None = None) -> list[str]:
    chosen = months_of_report(options(text), when or calendar(), grace_days=5)
    assert not chosen.open_months
    return list(map(str, chosen.months))


@pytest.mark.parametrize(
    ("now", "months", "open_months"),
    [
        ("2026-11-21T14:05", ["2026-11"], []),
        ("2026-11-05T22:00", ["2026-10", "2026-11"], ["2026-10"]),
        ("2026-11-06T00:00", ["2026-11"], []),
        ("2026-12-31T23:30", ["2026-12", "2027-01"], ["2026-12"]),
    ],
)
def test_without_a_month_it_is_the_current_one_and_the_previous_until_that_is_closed(
    now: str, months: list[str], open_months: list[str]
) -> None:
    chosen = months_of_report(PeriodOptions(), calendar(now, ZURICH), grace_days=5)

    assert list(map(str, chosen.months)) == months
    assert sorted(map(str, chosen.open_months)) == open_months


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("month=2026-10", ["2026-10"]),
        ("month=2026-11", ["2026-11"]),
        ("first=2025-12 last=2026-02", ["2025-12", "2026-01", "2026-02"]),
        ("first=2026-10", ["2026-10", "2026-11"]),
        ("first=2026-11", ["2026-11"]),
    ],
)
def test_months_are_reported_oldest_first(text: str, months: list[str]) -> None:
    assert reported(text) == months


def test_sixty_months_are_one_run() -> None:
    assert len(reported("first=2021-12 last=2026-11")) == 60


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("month=2026-13", "--month '2026-13': month 13 is not from 1 to 12."),
        ("month=november", "--month 'november': month 'november' is not written as 2026-11."),
        ("month=", "--month '': month '' is not written as 2026-11."),
        ("month=2026-11-19", "is a day where a month is needed"),
        ("month=2026-12", "2026-12 has not begun: it is 2026-11 at the site (UTC)."),
        ("month=2026-10 first=2026-09", "--month and --from/--to exclude each other"),
        ("month=2026-10 last=2026-10", "--month and --from/--to exclude each other"),
        ("last=2026-10", "--to '2026-10' needs --from"),
        ("first=2026-10 last=2026-09", "end before they begin; swap them."),
        ("first=2026-12", "2026-12 has not begun"),
        ("first=2026-10 last=2026-12", "2026-12 has not begun"),
        ("first=2021-11 last=2026-11", "are 61 months; one run covers at most 60; do it in parts."),
        ("first=2026-11-01", "is a day where a month is needed"),
    ],
)
def test_what_is_no_span_of_months_is_refused_in_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        reported(text)

    assert complaint in str(caught.value)


def test_the_month_is_that_of_the_sites_zone() -> None:
    new_year = "2026-12-31T23:30"

    assert reported("month=2027-01", calendar(new_year, ZURICH)) == ["2027-01"]
    with pytest.raises(UsageError, match="2027-01 has not begun"):
        reported("month=2027-01", calendar(new_year))


# --- what can be shown


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("", (Month(2026, 11),)),
        ("month=2026-10", (Month(2026, 10),)),
        ("first=2026-10", (Month(2026, 10), Month(2026, 11))),
        ("first=2026-11-01 last=2026-11-19", (Days(date(2026, 11, 1), date(2026, 11, 19)),)),
        ("first=2026-11-20", (Days(date(2026, 11, 20), date(2026, 11, 21)),)),
    ],
)
def test_months_or_days_can_be_shown(text: str, periods: tuple[Period, ...]) -> None:
    assert periods_to_show(options(text), calendar()) == periods


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("first=2026-11-01 last=2026-11", "--to '2026-11' is no day; --from is one"),
        ("first=2026-11 last=2026-11-19", "--to '2026-11-19' is a day where a month is needed"),
        ("first=2026-02-30", "--from '2026-02-30' is no day"),
        ("first=2026-11-19 last=2026-11-01", "end before they begin; swap them."),
        ("first=2026-11-19 last=2026-11-22", "2026-11-22 has not begun: it is 2026-11-21"),
        ("first=2021-11-30 last=2026-11-01", "are 61 months"),
        ("month=2026-11 first=2026-11-01", "exclude each other"),
        ("month=2026-11-01", "is a day where a month is needed"),
    ],
)
def test_what_is_no_period_is_refused_in_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        periods_to_show(options(text), calendar())

    assert complaint in str(caught.value)


def test_today_can_be_shown_where_it_is_today() -> None:
    late = calendar("2026-11-21T23:30", ZURICH)

    (days,) = periods_to_show(options("first=2026-11-22"), late)

    assert isinstance(days, Days)
    assert days.last - days.first == timedelta(0)
