"""When a request is sent again, and after how long.

Again after transport errors, 429, 500 and 502 to 504, with exponential waits and jitter, or after
what `Retry-After` asks for. Never after other statuses: the same request would fail again. Actions
may be repeated like reads, since each of ours is harmless the second time (`WaldurOrders`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import attrs

from cscs_http.errors import NoAnswerError, UnexpectedStatusError

REPEATED: Final = frozenset({429, 500, 502, 503, 504})
_LONGEST_REQUEST: Final = 10**6


@attrs.frozen(kw_only=True)
class Retries:
    """`attempts` in all; waits in seconds double from `first_wait` up to `longest_wait`, each with
    up to `jitter` more. A service that asks to wait longer than `longest_asked` is not asked again.
    """

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 5.0
    jitter: float = 0.25
    longest_asked: float = 30.0

    def again(self, error: Exception) -> bool | float:
        """Whether to try again after this error; a number is the wait that was asked for."""
        if isinstance(error, AskedToWaitError):
            # Not 0, which would read as a refusal.
            return max(error.seconds, 0.01) if error.seconds <= self.longest_asked else False
        if isinstance(error, UnexpectedStatusError):
            return error.status in REPEATED
        return isinstance(error, NoAnswerError) and error.retryable


@attrs.define(slots=False, eq=False)
class AskedToWaitError(UnexpectedStatusError):
    """A 429 or 503 that says for how long the service wants to be left alone."""

    seconds: float = 0.0

    @classmethod
    def instead_of(cls, error: UnexpectedStatusError, seconds: float) -> AskedToWaitError:
        """The same error with the wait."""
        return cls(
            error.service,
            f"{error.reason} (and asks to be left alone for {seconds:g} s)",
            retryable=error.retryable,
            status=error.status,
            said=error.said,
            seconds=seconds,
        )


def seconds_asked(retry_after: str | None, now: datetime | None) -> float | None:
    """What a `Retry-After` header asks for: seconds or a date. None if it says nothing usable.

    `now` is the service's own clock (its `Date` header), so that a clock that is wrong here
    does not matter; a date without it says nothing.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), _LONGEST_REQUEST))
    until = parsed_date(text)
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), float(_LONGEST_REQUEST))


def parsed_date(text: str | None) -> datetime | None:
    """A date as HTTP writes it, or None."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
