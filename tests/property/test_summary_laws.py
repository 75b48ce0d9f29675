"""Laws of summaries: however days are put together, nothing is lost and nothing counts twice."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.events.buckets import Bucket, BucketSize, series_of
from cscs_domain.events.hours import rounded_quotient
from cscs_domain.events.stored import DaySums
from cscs_domain.events.usage_sums import NOTHING_USED, UsageSums
from cscs_domain.quantities import EXACT

FIRST = date(2019, 12, 20)
numbers = st.integers(0, 2**70)
sums = st.builds(
    UsageSums,
    events=numbers,
    cpu_seconds=numbers,
    gpu_seconds=numbers,
    walltime_seconds=numbers,
    ram_byte_seconds=numbers,
    storage_byte_seconds=numbers,
    not_summed=numbers,
)
days = st.dates(FIRST, FIRST + timedelta(days=400))
some_days = st.dictionaries(days, sums, max_size=30).map(
    lambda by_day: [DaySums(day=day, sums=by_day[day]) for day in sorted(by_day)]
)
periods = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
sizes = st.sampled_from(BucketSize)


def within(found: list[DaySums], first: date, last: date) -> list[DaySums]:
    return [one for one in found if first <= one.day <= last]


def total(buckets: tuple[Bucket, ...]) -> UsageSums:
    return sum((bucket.sums for bucket in buckets), NOTHING_USED)


@given(some_days, periods, sizes)
def test_series_of_any_size_add_up_to_the_same(
    found: list[DaySums], period: tuple[date, date], size: BucketSize
) -> None:
    inside = within(found, *period)

    expected = sum((one.sums for one in inside), NOTHING_USED)

    assert total(series_of(inside, *period, size)) == expected


@given(some_days, periods, sizes, st.integers(0, 400))
def test_the_parts_of_a_period_add_up(
    found: list[DaySums], period: tuple[date, date], size: BucketSize, days_before: int
) -> None:
    first, last = period
    middle = min(first + timedelta(days=days_before), last)
    inside = within(found, first, last)

    before = series_of(inside, first, middle, size)
    after = series_of(inside, middle + timedelta(days=1), last, size)

    assert total(before) + total(after) == total(series_of(inside, first, last, size))


@given(periods, sizes)
def test_buckets_cover_every_day_once(period: tuple[date, date], size: BucketSize) -> None:
    series = series_of([], *period, size)

    assert (series[0].first, series[-1].last) == period
    assert all(bucket.first <= bucket.last for bucket in series)
    assert [bucket.last + timedelta(days=1) for bucket in series[:-1]] == [
        bucket.first for bucket in series[1:]
    ]
    names = [bucket.name for bucket in series]
    assert names == sorted(set(names))


@given(periods)
def test_weeks_begin_on_monday_and_months_on_the_first(period: tuple[date, date]) -> None:
    weeks = series_of([], *period, BucketSize.WEEK)
    months = series_of([], *period, BucketSize.MONTH)

    assert all(week.first.isoweekday() == 1 for week in weeks[1:])
    assert all(week.last.isoweekday() == 7 for week in weeks[:-1])
    assert all(month.first.day == 1 for month in months[1:])
    assert all((month.last + timedelta(days=1)).day == 1 for month in months[:-1])


@given(some_days, sizes)
def test_sums_do_not_depend_on_the_order_in_which_days_come(
    found: list[DaySums], size: BucketSize
) -> None:
    last = FIRST + timedelta(days=400)

    assert series_of(found, FIRST, last, size) == series_of(found[::-1], FIRST, last, size)


@given(st.integers(-(2**140), 2**140), st.integers(1, 2**60))
def test_a_rounded_quotient_is_as_near_as_four_places_allow(amount: int, unit: int) -> None:
    scaled = int(rounded_quotient(amount, unit).scaleb(4, EXACT))

    assert 2 * abs(scaled * unit - amount * 10**4) <= unit
