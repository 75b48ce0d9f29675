"""The promises of `Clock`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.errors import InvalidValueError
from cscs_domain.ports import Clock
from cscs_fakes.clock import FixedClock

START = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def system() -> Clock:
    return SystemClock()


def fixed() -> Clock:
    return FixedClock(START)


@pytest.fixture(params=[system, fixed], ids=lambda make: make.__name__)
def clock(request: pytest.FixtureRequest) -> Clock:
    make: Callable[[], Clock] = request.param
    return make()


def test_now_has_a_zone(clock: Clock) -> None:
    """A naive time would be read as local by one part and as UTC by another."""
    assert clock.now().utcoffset() is not None


def test_the_monotonic_hand_never_runs_backwards(clock: Clock) -> None:
    readings = [clock.monotonic() for _ in range(1000)]

    assert readings == sorted(readings)


def test_the_monotonic_hand_shows_a_duration(clock: Clock) -> None:
    assert clock.monotonic() >= timedelta()


def test_the_system_clock_shows_the_present() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta()


def test_the_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(START)

    clock.advance(timedelta(minutes=5))

    assert clock.now() == datetime(2025, 10, 26, 0, 35, tzinfo=UTC)
    assert clock.monotonic() == timedelta(minutes=5)


def test_the_fixed_clock_is_not_turned_back() -> None:
    with pytest.raises(InvalidValueError, match="back"):
        FixedClock(START).advance(timedelta(seconds=-1))


def test_the_fixed_clock_refuses_a_start_without_a_zone() -> None:
    with pytest.raises(InvalidValueError, match="zone"):
        FixedClock(START.replace(tzinfo=None))
