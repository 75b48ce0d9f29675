"""The machine's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from cscs_domain.ports import Clock


class SystemClock:
    """The time of this machine, in UTC."""

    def now(self) -> datetime:
        """The wall clock, which may be set back and forth."""
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        """The time since the machine started, which may not."""
        return timedelta(microseconds=time.monotonic_ns() // 1000)


_: type[Clock] = SystemClock
