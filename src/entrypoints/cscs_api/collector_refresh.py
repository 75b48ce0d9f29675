"""Recomputing sums behind the scenes, once a collector has sent its last batch. ADR 0023."""

from __future__ import annotations

import asyncio
from typing import Final

import attrs
import structlog

from cscs_domain.errors import CscsError
from cscs_domain.ports import UsageEventStore

_LOG: Final = structlog.get_logger("cscs.events")


@attrs.define(eq=False)
class SumsRefresher:
    """Runs one refresh at a time; what is asked for meanwhile is done in one more."""

    _store: UsageEventStore
    _running: asyncio.Task[None] | None = attrs.field(default=None, init=False)
    _again: bool = attrs.field(default=False, init=False)

    def begin(self) -> None:
        """See to it that the sums are recomputed after now; never waits, never fails."""
        self._again = True
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._again:
            self._again = False
            try:
                days = await self._store.refresh()
            except CscsError as error:
                # Whoever reads sums refreshes them first, so nothing is lost.
                _LOG.warning("sums_not_refreshed", reason=str(error))
            except Exception:  # noqa: BLE001 - the collector has its answer; the log has this
                _LOG.exception("sums_not_refreshed")
            else:
                _LOG.info("sums_refreshed", days=days)

    async def close(self) -> None:
        """End a refresh under way, which leaves its days for the next one."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
