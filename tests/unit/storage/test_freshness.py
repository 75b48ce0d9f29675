"""How old an answer may be: the boundaries, and laws that hold for every policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.freshness import Freshness, FreshnessPolicy

NOTHING = timedelta(0)
TICK = timedelta(microseconds=1)

ages = st.timedeltas(NOTHING, timedelta(days=30))
max_ages = st.timedeltas(NOTHING, timedelta(days=10))
URGENCY = {Freshness.SERVE: 0, Freshness.SERVE_AND_REFRESH: 1, Freshness.REFRESH_FIRST: 2}


def test_the_defaults_are_the_documented_ones() -> None:
    policy = FreshnessPolicy()

    assert policy.max_age == timedelta(seconds=15)
    assert policy.stale_if_error == timedelta(minutes=5)
    assert policy.keep == timedelta(minutes=5)


@pytest.mark.parametrize("member", ["max_age", "stale_if_error", "keep", "retry_after"])
def test_no_duration_is_negative(member: str) -> None:
    with pytest.raises(InvalidValueError, match=member):
        FreshnessPolicy(**{member: -TICK})


@given(max_ages, ages)
def test_younger_than_max_age_is_served_as_it_is(max_age: timedelta, age: timedelta) -> None:
    expected = age < max_age

    assert expected == (FreshnessPolicy(max_age=max_age).judge(age) is Freshness.SERVE)


@given(max_ages, ages)
def test_two_max_ages_and_older_is_never_served_first(max_age: timedelta, age: timedelta) -> None:
    expected = age >= 2 * max_age

    assert expected == (FreshnessPolicy(max_age=max_age).judge(age) is Freshness.REFRESH_FIRST)


@given(max_ages.filter(bool))
def test_the_boundaries_belong_to_the_older_side(max_age: timedelta) -> None:
    judge = FreshnessPolicy(max_age=max_age).judge

    assert judge(max_age - TICK) is Freshness.SERVE
    assert judge(max_age) is Freshness.SERVE_AND_REFRESH
    assert judge(2 * max_age - TICK) is Freshness.SERVE_AND_REFRESH
    assert judge(2 * max_age) is Freshness.REFRESH_FIRST


@given(max_ages, ages, ages)
def test_a_snapshot_never_gets_fresher_with_age(
    max_age: timedelta, one: timedelta, other: timedelta
) -> None:
    judge = FreshnessPolicy(max_age=max_age).judge
    younger, older = sorted((one, other))

    assert URGENCY[judge(younger)] <= URGENCY[judge(older)]


@given(ages)
def test_max_age_zero_always_reads_first(age: timedelta) -> None:
    assert FreshnessPolicy(max_age=NOTHING).judge(age) is Freshness.REFRESH_FIRST


@given(ages, ages)
def test_it_stands_in_up_to_and_including_stale_if_error(limit: timedelta, age: timedelta) -> None:
    assert FreshnessPolicy(stale_if_error=limit).may_stand_in(age) == (age <= limit)


@given(max_ages, ages, ages)
def test_while_reading_fails_it_answers_if_young_enough_or_allowed_to_stand_in(
    max_age: timedelta, limit: timedelta, age: timedelta
) -> None:
    policy = FreshnessPolicy(max_age=max_age, stale_if_error=limit)

    assert policy.may_answer(age) == (age < 2 * max_age or age <= limit)
