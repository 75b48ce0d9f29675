"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from cscs_domain.errors import InvalidValueError
from cscs_domain.ports import Clock


class FixedClock:
    """Shows `start`, a time with a zone, until it is advanced; both of its hands move together."""

    def __init__(self, start: datetime) -> None:
        if start.utcoffset() is None:
            raise InvalidValueError(
                "start", str(start), "has no zone; write datetime(..., tzinfo=UTC)"
            )
        self._start = start
        self._passed = timedelta()

    def now(self) -> datetime:
        """The start plus all that was advanced."""
        return self._start + self._passed

    def monotonic(self) -> timedelta:
        """All that was advanced."""
        return self._passed

    def advance(self, by: timedelta) -> None:
        """Let time pass; it never runs backwards."""
        if by < timedelta():
            raise InvalidValueError("advance", str(by), "would turn time back")
        self._passed += by


_: type[Clock] = FixedClock
