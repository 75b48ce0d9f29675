"""Adapters of usage events out of settings. What SQL takes is loaded when it is used."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from cscs_bootstrap.events_retention import refused_retention, retention_of, store_layout
from cscs_bootstrap.logged_directory import LoggedDirectory
from cscs_bootstrap.settings import AdapterKind, EventsSettings, Settings
from cscs_domain.errors import (
    ConfigurationError,
    InvalidValueError,
    Mistake,
    OutdatedStoreError,
    StoreUnavailableError,
)
from cscs_domain.ports import Directory, UsageEventStore
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.invented_directory import make_directory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from cscs_files import FileDirectory

_LOG: Final = structlog.get_logger("cscs.events")
_INVENTED_USERS: Final = 40
_INVENTED_PROJECTS: Final = 12


def event_store(settings: Settings) -> UsageEventStore:
    """Where events are kept. Nothing is connected yet."""
    if settings.adapters.events.kind is AdapterKind.FAKE:
        return FakeUsageEventStore(settings.zone)
    from cscs_sql.database_urls import async_engine
    from cscs_sql.usage_event_store import SqlUsageEventStore

    events = settings.events
    engine = async_engine(events.database_url.reveal(), pool_size=events.pool_size)
    return SqlUsageEventStore(engine, zone=settings.zone, partitions_ahead=events.partitions_ahead)


def event_directory(settings: Settings, *, runs_on: bool) -> Directory:
    """What events are linked to. A file that is not named yet is an empty directory.

    A program that runs on keeps what it read from tables; a command asks for what it needs.
    """
    choice = settings.adapters.directory
    match choice.kind:
        case AdapterKind.FAKE:
            return FakeDirectory(make_directory(_INVENTED_USERS, _INVENTED_PROJECTS))
        case AdapterKind.FILE:
            return (
                LoggedDirectory(FileDirectory(choice.path[0])) if choice.path else FakeDirectory()
            )
        case _:
            return _sql_directory(settings, runs_on=runs_on)


def _sql_directory(settings: Settings, *, runs_on: bool) -> Directory:
    from cscs_sql.database_urls import async_engine
    from cscs_sql.directory import SqlDirectory
    from cscs_sql.remembered_directory import RememberedDirectory

    events = settings.events
    # A batch asks the directory for much shorter than it stores.
    size = max(1, events.pool_size // 2)
    engine = async_engine(events.database_url.reveal(), pool_size=size)
    return RememberedDirectory(engine) if runs_on else SqlDirectory(engine)


def unusable_database(settings: Settings) -> Iterator[Mistake]:
    """What the adapter refuses about the URL: better said now than at the first batch."""
    events = settings.events
    is_used = settings.adapters.events.kind is AdapterKind.SQL
    if not is_used or events.database_url == EventsSettings().database_url:
        return
    from cscs_sql.database_urls import parsed

    try:
        parsed(events.database_url.reveal())
    except InvalidValueError as error:
        yield Mistake("events.database_url", "DATABASE_URL", f"{error.reason}.")


def check_store(settings: Settings) -> None:
    """See whether the store can be used, from outside of any event loop or from inside of one.

    Raises `OutdatedStoreError` and `StoreUnavailableError`.
    """
    # In a thread of its own: some servers load the application inside of their event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _check(settings)).result()


async def _check(settings: Settings) -> None:
    store = event_store(settings)
    try:
        await store.check()
    finally:
        await store.close()


def refuse_unusable_store(settings: Settings) -> None:
    """Raise `ConfigurationError` if the store's tables are not those of this version, or would not
    delete what settings say.

    A store that does not answer is told in the log: it may be there by the time it is needed.
    """
    try:
        check_store(settings)
        mistakes = list(_unusable_retention(settings))
    except OutdatedStoreError as error:
        hint = f"Run: {error.remedy}"
        mistakes = [Mistake("events.database_url", "DATABASE_URL", f"{error.reason}.", hint)]
    except StoreUnavailableError as error:
        _LOG.error("event_store_unavailable", reason=str(error))
        return
    if mistakes:
        raise ConfigurationError(mistakes)


def _unusable_retention(settings: Settings) -> Iterator[Mistake]:
    # The default needs no question.
    if retention_of(settings) is not None:
        yield from refused_retention(settings, store_layout(settings))
