"""Usage events as a running service: the store, the directory, and who may send events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from typing import Final

import attrs
import structlog

from cscs_bootstrap.closing import ClosedAtTheEnd
from cscs_bootstrap.collector_keys import CollectorKeys
from cscs_bootstrap.events_adapters import event_directory, event_store, refuse_unusable_store
from cscs_bootstrap.events_retention import Retention, retention_of
from cscs_bootstrap.settings import LoadedSettings, Settings, Source
from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.errors import CscsError
from cscs_domain.ports import Clock, Directory, UsageEventStore

_LOG: Final = structlog.get_logger("cscs.events")
_DAY: Final = timedelta(days=1)
_AFTER_A_FAILURE: Final = timedelta(minutes=5)
_KEYS: Final = ("events.", "adapters.events", "adapters.directory")


async def _pause(length: timedelta) -> None:
    await asyncio.sleep(length.total_seconds())


@attrs.define(eq=False, kw_only=True)
class EventsService(ClosedAtTheEnd):
    """What taking events in, linking and summing them up takes. Use it in a context.

    `most_body_bytes` and `most_events` bound a batch. Days are those of `zone`.
    """

    store: UsageEventStore
    directory: Directory
    clock: Clock
    zone: tzinfo
    sources: tuple[str, ...]
    most_events: int
    most_body_bytes: int
    collector_keys: CollectorKeys
    retention: Retention | None = None
    pause: Callable[[timedelta], Awaitable[None]] = _pause

    async def oldest_kept(self) -> datetime | None:
        """Windows that begin earlier are not kept; None if all are.

        Raises `StoreUnavailableError` as long as that is not known.
        """
        age = None if self.retention is None else await self.retention.bound()
        return None if age is None else self.clock.now() - age

    async def run_background(self) -> None:
        """Do what the store needs once a day, beginning now, until this is cancelled."""
        while True:
            await self.pause(_DAY if await self._maintain() else _AFTER_A_FAILURE)

    async def _maintain(self) -> bool:
        try:
            try:
                await self.store.maintain(at=self.clock.now())
            finally:
                # Where nobody reads sums, notes of touched days would pile up.
                await self.store.refresh()
        except CscsError as error:
            _LOG.warning("event_store_not_maintained", reason=str(error))
            return False
        except Exception:  # noqa: BLE001  # tomorrow is another day
            _LOG.exception("event_store_not_maintained")
            return False
        return True

    async def close(self) -> None:
        """Let go of connections."""
        try:
            await self.directory.close()
        finally:
            await self.store.close()


def are_events_configured(loaded: LoadedSettings) -> bool:
    """Whether anybody has set anything about usage events, even to its default."""
    return any(
        key.startswith(_KEYS) and origin.source is not Source.DEFAULT
        for key, origin in loaded.origins.items()
    )


def events_service(
    settings: Settings, clock: Clock | None = None, *, runs_on: bool = False
) -> EventsService:
    """Wire what `load` has found fit for it. Connections are made when they are needed.

    A service that runs on may keep more in memory than a command that ends soon.
    """
    events = settings.events
    return EventsService(
        store=event_store(settings),
        directory=event_directory(settings, runs_on=runs_on),
        clock=clock or SystemClock(),
        zone=settings.zone,
        sources=events.sources,
        most_events=events.most_events,
        most_body_bytes=events.most_body_bytes,
        collector_keys=CollectorKeys.of(events),
        retention=retention_of(settings),
    )


def events_for_server(loaded: LoadedSettings, clock: Clock | None = None) -> EventsService | None:
    """The service for a server that is about to start; None if no events are configured.

    Raises `ConfigurationError` if the store's tables are those of another version, or do not do
    what is configured.
    """
    if not are_events_configured(loaded):
        return None
    refuse_unusable_store(loaded.settings)
    return events_service(loaded.settings, clock, runs_on=True)
