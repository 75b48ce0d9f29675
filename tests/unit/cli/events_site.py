"""A site whose usage events are in a file of SQLite and whose directory is that of the samples."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar
from uuid import UUID

import attrs

from cscs_bootstrap.events_service import EventsService, events_service
from cscs_bootstrap.settings import Settings, load_settings
from cscs_cli.main import main
from cscs_domain.events.batches import parse_batch
from cscs_domain.events.event import DEFAULT_SOURCES, ResourceUsageEvent
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.ingest_events import ingest_events

DATA: Final = Path(__file__).parents[2] / "data" / "events"
DIRECTORY: Final = DATA / "directory.yaml"
NOW: Final = datetime(2025, 11, 20, 6, tzinfo=UTC)
_SETTINGS: Final = """\
site_timezone: Europe/Zurich
events: {database_url: "sqlite:///events.sqlite3"}
adapters: {directory: {kind: file, path: %s}}
"""

T = TypeVar("T")


@attrs.frozen
class EventsSite:
    """Its folder, with the configuration, the store and a copy of the directory."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "cscs.yaml"

    @property
    def directory(self) -> Path:
        """The directory that events are linked by."""
        return self.folder / "directory.yaml"

    @property
    def database(self) -> Path:
        """The file of the store."""
        return self.folder / "events.sqlite3"

    @property
    def settings(self) -> Settings:
        """What the configuration and the environment say."""
        return load_settings(os.environ, config_path=self.config).settings

    def run(self, *words: str | Path | UUID) -> int:
        """Call `cscs events` with these words."""
        return main(["events", *map(str, words), "--config", str(self.config)])

    def use(self, work: Callable[[EventsService], Awaitable[T]]) -> T:
        """Do this with the wired service."""

        async def run() -> T:
            async with events_service(self.settings) as service:
                return await work(service)

        return asyncio.run(run())

    def take_in(self, events: Iterable[ResourceUsageEvent]) -> None:
        """Store events with their links, as the server does."""
        batch = list(events)

        async def work(service: EventsService) -> None:
            await ingest_events(batch, store=service.store, directory=service.directory, at=NOW)

        self.use(work)


def events_site(folder: Path, settings: str = _SETTINGS) -> EventsSite:
    """A site in this folder, whose store is not there yet."""
    site = EventsSite(folder)
    site.directory.write_bytes(DIRECTORY.read_bytes())
    site.config.write_text(settings % site.directory, encoding="utf-8")
    return site


def filled_site(folder: Path) -> EventsSite:
    """A site with the events of the sample batch."""
    site = events_site(folder)
    site.database.write_bytes(_filled_database())
    return site


@cache
def _filled_database() -> bytes:
    with TemporaryDirectory() as folder:
        site = events_site(Path(folder))
        assert site.run("init") == 0
        site.take_in(sample_events())
        return site.database.read_bytes()


def sample_events() -> list[ResourceUsageEvent]:
    """The sample batch."""
    payload = json.loads((DATA / "usage_events_batch.json").read_text(encoding="utf-8"))
    batch = parse_batch(payload, sources=DEFAULT_SOURCES, most_events=100)
    return [event for _, event in batch.events]


def sample_id(source: str, job: str) -> UUID:
    """The id of the sample event of this source whose job or server is called so."""
    (found,) = (
        event_id_of(event)
        for event in sample_events()
        if event.source == source and job in json.dumps([event.context, event.extra])
    )
    return found
