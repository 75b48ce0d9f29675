"""Days of the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.events.site_days import SiteDays, days_between
from tests.events_site import ZURICH, at

ZONES = [
    UTC,
    ZURICH,
    ZoneInfo("America/Havana"),  # clocks are put back from 1:00 to midnight
    ZoneInfo("America/Sao_Paulo"),  # clocks were put forward at midnight
    ZoneInfo("America/St_Johns"),  # clocks were put back from 0:01 to 23:01 of the day before
    ZoneInfo("Pacific/Apia"),  # had no 30 December 2011
    ZoneInfo("Asia/Kathmandu"),
]


class OverMidnight(tzinfo):
    """Clocks are put forward from 23:30 on 1 June to 0:30, so that midnight is left out."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        is_before = dt is None or dt.replace(tzinfo=None) < datetime(2025, 6, 2, 0, 30)  # noqa: DTZ001
        return timedelta() if is_before else timedelta(hours=1)

    def dst(self, dt: datetime | None) -> timedelta:
        del dt
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:
        del dt
        return "over midnight"

    def fromutc(self, dt: datetime) -> datetime:
        is_before = dt.replace(tzinfo=None) < datetime(2025, 6, 1, 23, 30)  # noqa: DTZ001
        return dt if is_before else dt + timedelta(hours=1)


START = datetime(2000, 1, 1, tzinfo=UTC)
moments = st.integers(0, 100 * 365 * 24 * 60).map(lambda n: START + n * timedelta(minutes=1))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-11-18T22:59:59.999999Z", date(2025, 11, 18)),
        ("2025-11-18T23:00Z", date(2025, 11, 19)),
        ("2025-03-30T22:00Z", date(2025, 3, 31)),
        ("2025-03-29T23:00+00:00", date(2025, 3, 30)),
        ("2025-10-26T22:30Z", date(2025, 10, 26)),
        ("2025-10-27T00:00+01:00", date(2025, 10, 27)),
    ],
)
def test_a_moment_is_of_the_day_that_the_site_s_calendar_shows(moment: str, expected: date) -> None:
    assert SiteDays(ZURICH).of(at(moment)) == expected


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)]
)
def test_days_last_as_long_as_the_clocks_say(day: date, hours: int) -> None:
    start, end = SiteDays(ZURICH).window(day)

    assert end - start == timedelta(hours=hours)


def test_a_day_that_a_zone_leaves_out_is_empty() -> None:
    start, end = SiteDays(ZoneInfo("Pacific/Apia")).window(date(2011, 12, 30))

    assert start == end


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(moment=moments)
def test_every_moment_is_in_the_window_of_its_day(zone: tzinfo, moment: datetime) -> None:
    days = SiteDays(zone)
    start, end = days.window(days.of(moment))

    assert start <= moment < end


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_days_follow_each_other_without_gap_or_overlap(zone: tzinfo) -> None:
    days = SiteDays(zone)
    windows = [days.window(day) for day in days_between(date(2005, 1, 1), date(2020, 12, 31))]

    assert all(start <= end for start, end in windows)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_half_hours_around_midnights_are_in_the_windows_of_their_days(zone: tzinfo) -> None:
    days = SiteDays(zone)
    for day in days_between(date(2010, 1, 1), date(2011, 12, 31)):
        for step in range(-4, 5):
            moment = days.beginning(day) + step * timedelta(minutes=30)
            start, end = days.window(days.of(moment))
            assert start <= moment < end


def test_a_midnight_that_clocks_leap_over_is_where_it_would_have_been() -> None:
    days = SiteDays(OverMidnight())
    assert days.of(at("2025-06-01T23:45Z")) == date(2025, 6, 1)
    assert days.of(at("2025-06-02T00:00Z")) == date(2025, 6, 2)

    for minute in range(0, 240, 5):
        moment = at("2025-06-01T22:00Z") + timedelta(minutes=minute)
        start, end = days.window(days.of(moment))
        assert start <= moment < end


def test_days_between_include_both() -> None:
    days = list(days_between(date(2024, 2, 28), date(2024, 3, 1)))

    assert [day.day for day in days] == [28, 29, 1]
    assert list(days_between(date(2024, 2, 2), date(2024, 2, 1))) == []


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_of_all_have_windows_too(zone: tzinfo, day: date) -> None:
    start, end = SiteDays(zone).window(day)

    assert start < end
