"""How long a service wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_http.retries import seconds_asked

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 08:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
        ("99999999999999999999", 1_000_000.0),
        ("Sat, 21 Nov 2099 08:00:30 GMT", 1_000_000.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("\u0667", None),
    ],
)
def test_seconds_and_dates_are_understood(text: str | None, seconds: float | None) -> None:
    assert seconds == seconds_asked(text, NOW)


def test_a_date_without_the_services_own_clock_says_nothing() -> None:
    assert seconds_asked("Sat, 21 Nov 2026 08:00:30 GMT", None) is None


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    asked = seconds_asked(text, NOW)

    assert asked is None or 0 <= asked <= timedelta(days=12).total_seconds()
