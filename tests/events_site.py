"""Usage events and links for tests, short to write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import Link, LinkGap
from cscs_domain.events.metrics import ResourceUsageMetrics
from cscs_domain.events.stored import EventFilter, EventKey, LinkedEvent, StoredEvent
from cscs_domain.ports import UsageEventStore

ZURICH: Final = ZoneInfo("Europe/Zurich")
NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)
START: Final = "2025-11-19T10:00Z"
UNRESOLVED: Final = Link(
    gaps=(LinkGap.UNKNOWN_USER, LinkGap.UNKNOWN_PROJECT), sought_project="ghost"
)


def at(text: str) -> datetime:
    """A time out of `2025-11-19T10:00Z`."""
    return datetime.fromisoformat(text)


def an_event(
    start: str = START,
    *,
    hours: float = 1,
    cpu: int = 3600,
    gpu: int | None = None,
    ram: int | None = None,
    storage: int | None = None,
    walltime: int | None = None,
    source: str = "pbs",
    collected: str = "2025-11-20T00:00Z",
    identities: Iterable[EventIdentity] = (),
    context: Mapping[str, object] | None = None,
    extra: Mapping[str, object] | None = None,
    project_slug: str | None = None,
    is_personal: bool = False,
) -> ResourceUsageEvent:
    """An event of one job."""
    return ResourceUsageEvent(
        source=source,
        time_window_start=at(start),
        time_window_end=at(start) + timedelta(hours=hours),
        collected_at=at(collected),
        metrics=ResourceUsageMetrics(
            cpu_time_seconds=cpu,
            gpu_time_seconds=gpu,
            ram_bytes_allocated=ram,
            storage_bytes_allocated=storage,
            walltime_used=walltime,
        ),
        identities=tuple(identities),
        context={} if context is None else context,
        extra=extra,
        project_slug=project_slug,
        is_personal=is_personal,
    )


def linked(event: ResourceUsageEvent, number: int = 1, link: Link | None = None) -> LinkedEvent:
    """The event under the id of a number; without a link nothing was sought and nothing missed."""
    return LinkedEvent(
        event_id=UUID(int=number), event=event, link=Link() if link is None else link
    )


def mail(value: str) -> EventIdentity:
    """Somebody's e-mail address."""
    return EventIdentity("user_email", value)


async def everything(
    store: UsageEventStore, wanted: EventFilter | None = None, *, limit: int = 100
) -> list[StoredEvent]:
    """All events that are wanted, page by page."""
    return [stored async for stored in _walk(store, wanted or EventFilter(), limit)]


async def _walk(
    store: UsageEventStore, wanted: EventFilter, limit: int
) -> AsyncIterator[StoredEvent]:
    after: EventKey | None = None
    while True:
        page = await store.page(wanted, after=after, limit=limit)
        assert len(page) <= limit
        for stored in page:
            yield stored
        if len(page) < limit:
            return
        after = page[-1].key


async def only_one(store: UsageEventStore, number: int = 1) -> StoredEvent:
    """The event of a number, of which there is one."""
    (stored,) = await store.events(UUID(int=number))
    return stored
