"""The time of an emulated site: real, and as far ahead as a test wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SiteClock:
    """Call it for the time; all services of a site share one."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Show the real time again."""
        self._ahead = timedelta()
