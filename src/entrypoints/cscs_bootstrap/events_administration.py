"""What operators do to the store of usage events as a whole, out of settings.

Everything here opens the database for itself and closes it again, and blocks meanwhile. Functions
raise `ConfigurationError` if events are kept in no database, `StoreUnavailableError`,
`OutdatedStoreError` with the command that mends it, and `InvalidValueError`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import attrs

from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_domain.errors import ConfigurationError, Mistake
from cscs_domain.events.directory import KnownDirectory
from cscs_sql.administration import Initialised, downgrade, initialise, rebuild, upgrade
from cscs_sql.backup import Backup, backup
from cscs_sql.database_urls import describe
from cscs_sql.dialects import Layout
from cscs_sql.directory_loading import DirectoryChange, SectionChange, load_directory
from cscs_sql.migrating import Revision, revisions
from cscs_sql.printed_ddl import printed_ddl
from cscs_sql.restoring import restore
from cscs_sql.schema_state import SchemaKind
from cscs_sql.state_report import SchemaState, schema_state
from cscs_sql.timescale import TimescaleChoice

__all__ = [
    "Backup",
    "DirectoryChange",
    "EventDatabase",
    "Initialised",
    "Layout",
    "Revision",
    "SchemaKind",
    "SchemaState",
    "SectionChange",
    "TimescaleChoice",
    "event_database",
]


Told: TypeAlias = Callable[[str, int], None]
"""Is told a table and how many of its rows are done."""


@attrs.frozen(kw_only=True)
class EventDatabase:
    """The database that settings name."""

    _url: str = attrs.field(repr=False)
    _settings: Settings = attrs.field(repr=False)

    @property
    def place(self) -> str:
        """Where it is, without its password."""
        return describe(self._url)

    def initialise(self, timescale: TimescaleChoice, now: datetime) -> Initialised:
        """Make the tables and room for the coming months; harmless once they are there."""
        events = self._settings.events
        return initialise(
            self._url,
            zone=self._settings.zone,
            now=now,
            timescale=timescale,
            compress_after_days=events.compress_after_days,
            retention_days=events.retention_days,
            partitions_ahead=events.partitions_ahead,
        )

    def printed(self, layout: Layout, now: datetime) -> str:
        """The statements of `initialise` for any dialect; no server is asked."""
        events = self._settings.events
        return printed_ddl(
            layout,
            zone=self._settings.zone,
            now=now,
            compress_after_days=events.compress_after_days,
            retention_days=events.retention_days,
            partitions_ahead=events.partitions_ahead,
        )

    def state(self) -> SchemaState:
        """What is there. Changes nothing."""
        return schema_state(self._url)

    def last_steps(self, count: int) -> tuple[Revision, ...]:
        """The steps that the tables took last, newest first."""
        done = [each.id for each in revisions()]
        revision = self.state().revision
        taken = revisions()[: done.index(revision) + 1] if revision in done else ()
        return taken[: -count - 1 : -1]

    def upgrade(self) -> tuple[Revision, ...]:
        """Bring the tables up to this version; the steps that it took."""
        return upgrade(self._url)

    def downgrade(self, to: str) -> tuple[Revision, ...]:
        """Take steps back, newest first; what they brought is lost."""
        return downgrade(self._url, to)

    def rebuild(self) -> int:
        """Take the site's zone for the days of sums; the number of days to sum up again."""
        return rebuild(self._url, self._settings.zone)

    def backup(self, file: Path, tell: Told) -> Backup:
        """Write everything into a file. Raises `OSError` as well."""
        return backup(self._url, file, progress=tell)

    def restore(self, file: Path, tell: Told) -> Backup:
        """Read a backup into the empty store. Raises `OSError` as well."""
        return restore(self._url, file, progress=tell)

    def load_directory(self, known: KnownDirectory, *, dry_run: bool = False) -> DirectoryChange:
        """Put a directory into the tables, in the place of the one there."""
        return load_directory(self._url, known, dry_run=dry_run)


def event_database(settings: Settings) -> EventDatabase:
    """The database of these settings."""
    if settings.adapters.events.kind is AdapterKind.FAKE:
        reason = "is fake: events are kept in memory, so there is no database to work on."
        raise ConfigurationError([Mistake("adapters.events", "CSCS_ADAPTERS__EVENTS", reason)])
    return EventDatabase(url=settings.events.database_url.reveal(), settings=settings)
