"""Months, the days they have, and which of them are reported."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.months import (
    MOST_MONTHS,
    Days,
    Month,
    months_between,
    months_to_report,
    safe_moment,
)

ZURICH = ZoneInfo("Europe/Zurich")
NEW_YEAR_AT_HOME = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-1", "2026-13", "2026-00", "0000-01", "9999-12", "26-11", "2026/11"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Month.parse(text)


def test_digits_of_other_scripts_make_no_month() -> None:
    with pytest.raises(InvalidValueError):
        Month.parse("\u0662\u0660\u0662\u0666-11")


def test_blanks_around_a_month_do_no_harm() -> None:
    assert Month.parse(" 2026-11\n") == Month(2026, 11)


def test_the_month_of_a_moment_is_that_of_the_site() -> None:
    assert Month.of(NEW_YEAR_AT_HOME, ZURICH) == Month(2026, 1)
    assert Month.of(NEW_YEAR_AT_HOME) == Month(2025, 12)


def test_a_moment_without_a_zone_has_no_month() -> None:
    naive = datetime(2026, 11, 21)  # noqa: DTZ001 - that is the point

    with pytest.raises(InvalidValueError, match="no time zone"):
        Month.of(naive)


@pytest.mark.parametrize(
    ("month", "last"),
    [
        (Month(2024, 2), date(2024, 2, 29)),
        (Month(2025, 2), date(2025, 2, 28)),
        (Month(2025, 12), date(2025, 12, 31)),
    ],
    ids=str,
)
def test_a_month_ends_on_its_last_calendar_day(month: Month, last: date) -> None:
    assert month.last_day == last
    assert month.holds(last)
    assert not month.holds(last + timedelta(1))
    assert month.first_day.day == 1


def test_days_hold_the_first_and_the_last() -> None:
    days = Days(date(2025, 11, 19), date(2025, 11, 20))

    assert [days.holds(date(2025, 11, day)) for day in (18, 19, 20, 21)] == [0, 1, 1, 0]
    assert str(days) == "2025-11-19 to 2025-11-20"


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="before they begin"):
        Days(date(2025, 11, 19), date(2025, 11, 18))


def test_months_between_cross_the_year_oldest_first() -> None:
    months = months_between(Month(2025, 11), Month(2026, 2))

    assert [str(month) for month in months] == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_five_years_are_the_most_at_once() -> None:
    first = Month(2021, 1)

    assert len(months_between(first, first.plus(MOST_MONTHS - 1))) == MOST_MONTHS == 60
    with pytest.raises(InvalidValueError, match="are 61 months"):
        months_between(first, first.plus(MOST_MONTHS))
    with pytest.raises(InvalidValueError, match="before they begin"):
        months_between(first, first.plus(-1))


@pytest.mark.parametrize(
    ("day", "months"),
    [(1, ["2025-10", "2025-11"]), (5, ["2025-10", "2025-11"]), (6, ["2025-11"])],
)
def test_the_previous_month_is_reported_until_it_is_closed(day: int, months: list[str]) -> None:
    now = datetime(2025, 11, day, 22, 59, tzinfo=UTC)  # one minute before midnight at the site

    assert [str(month) for month in months_to_report(now, ZURICH, grace_days=5)] == months


def test_without_days_of_grace_only_the_current_month_is_reported() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert months_to_report(now, UTC, grace_days=0) == (Month(2026, 1),)
    assert months_to_report(now, UTC, grace_days=1) == (Month(2025, 12), Month(2026, 1))


def test_a_past_month_is_reported_on_its_last_morning() -> None:
    now = datetime(2025, 11, 21, 14, tzinfo=UTC)

    assert safe_moment(Month(2025, 10), now) == datetime(2025, 10, 31, 9, tzinfo=UTC)
    assert safe_moment(Month(2024, 2), now) == datetime(2024, 2, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize("day", [3, 15, 29])
def test_the_current_month_is_reported_a_moment_ago(day: int) -> None:
    now = datetime(2025, 11, day, 14, tzinfo=UTC)

    assert safe_moment(Month(2025, 11), now) == now - timedelta(minutes=1)


def test_its_last_evening_is_the_next_month_in_some_zones() -> None:
    now = datetime(2025, 11, 30, 23, 30, tzinfo=UTC)

    assert safe_moment(Month(2025, 11), now) == datetime(2025, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [0.000001, 30, 60])
def test_the_first_minute_of_a_month_is_reported_now(seconds: float) -> None:
    now = datetime(2025, 11, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert safe_moment(Month(2025, 11), now) == now


def test_a_month_that_has_not_begun_in_utc_has_no_moment_yet() -> None:
    assert safe_moment(Month(2026, 1), NEW_YEAR_AT_HOME.astimezone(ZURICH)) is None
    assert safe_moment(Month(2026, 1), datetime(2026, 1, 1, tzinfo=UTC)) is None
