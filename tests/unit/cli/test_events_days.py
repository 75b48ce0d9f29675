"""Days of the site, as options name them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from cscs_cli.events_days import ALL_DAYS, DayOptions, Window, days_of, window_of
from cscs_cli.failures import UsageError

ZURICH = ZoneInfo("Europe/Zurich")
TODAY = date(2026, 11, 19)


def test_nothing_said_is_all_of_time() -> None:
    assert window_of(ALL_DAYS, ZURICH) == Window()


def test_both_days_are_included_and_begin_at_the_sites_midnight() -> None:
    options = DayOptions(first="2026-10-25", last="2026-10-25")

    assert window_of(options, ZURICH) == Window(
        start=datetime(2026, 10, 24, 22, tzinfo=UTC), end=datetime(2026, 10, 25, 23, tzinfo=UTC)
    )


def test_either_end_may_be_open() -> None:
    assert window_of(DayOptions(first="2026-11-01"), UTC).end is None
    assert window_of(DayOptions(last="2026-11-01"), UTC).start is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (date(2026, 11, 1), TODAY)),
        ("2026-10-05", None, (date(2026, 10, 5), TODAY)),
        (None, "2026-10-05", (date(2026, 10, 1), date(2026, 10, 5))),
        ("2026-10-05", "2026-10-06", (date(2026, 10, 5), date(2026, 10, 6))),
        ("2027-01-02", None, (date(2027, 1, 2), date(2027, 1, 2))),
    ],
)
def test_sums_have_two_ends(
    first: str | None, last: str | None, expected: tuple[date, date]
) -> None:
    assert days_of(DayOptions(first=first, last=last), TODAY) == expected


@pytest.mark.parametrize(
    "options",
    [
        DayOptions(first="2026-11"),
        DayOptions(first="yesterday"),
        DayOptions(first=""),
        DayOptions(last="2026-02-30"),
        DayOptions(last="9999-12-31"),
        DayOptions(first="1999-12-31"),
        DayOptions(first="2026-11-02", last="2026-11-01"),
    ],
)
def test_what_is_no_span_of_days_is_refused(options: DayOptions) -> None:
    with pytest.raises(UsageError):
        window_of(options, UTC)
    with pytest.raises(UsageError):
        days_of(options, TODAY)
