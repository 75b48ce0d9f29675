"""The whole configuration, as one frozen value."""

# ruff: noqa: RUF009 - `setting` and `section` make attrs fields, not shared defaults

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from cscs_bootstrap.settings_events import EventsSettings
from cscs_bootstrap.settings_fields import section, setting
from cscs_bootstrap.settings_scalars import boolean, choice, seconds, time_zone, words
from cscs_bootstrap.settings_sections import (
    Auth,
    BackendComponents,
    BackendSettings,
    HpcUserApi,
    Sentry,
    WaldurApi,
)
from cscs_bootstrap.settings_tables import (
    NO_ROOTS,
    NO_TABLE,
    paths,
    storage_roots,
    storage_systems,
)
from cscs_bootstrap.settings_urls import base_url
from cscs_bootstrap.settings_usage import UsageSettings
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.target_ids import ItemIds


class StorageSystemSource(StrEnum):
    """What names a storage system in paths."""

    NAME = "name"
    """The name under `storage_systems`."""
    OFFERING_SLUG = "offering_slug"
    """The offering's slug, as in paths made by older versions."""


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    """`console` on a terminal, `json` anywhere else."""
    JSON = "json"
    CONSOLE = "console"


class AdapterKind(StrEnum):
    """The technologies that can stand behind a port."""

    HTTP = "http"
    FILE = "file"
    SQL = "sql"
    FAKE = "fake"


@attrs.frozen(kw_only=True)
class AdapterChoice:
    """Which technology stands behind one port, and where its data lie."""

    kind: AdapterKind = setting(
        AdapterKind.HTTP, choice(AdapterKind), f"One of {words(AdapterKind)}."
    )
    path: tuple[Path, ...] = setting(
        (), paths, "File, list of files or folder that it reads or keeps.", example="dump.json"
    )


_FILE = partial(AdapterChoice, kind=AdapterKind.FILE)
_SQL = partial(AdapterChoice, kind=AdapterKind.SQL)


@attrs.frozen(kw_only=True)
class Adapters:
    """The technology behind each port: a word, or `{kind: ..., path: ...}`."""

    waldur: AdapterChoice = section(
        AdapterChoice, "Where resources and orders come from.", shorthand="kind"
    )
    hpc_user: AdapterChoice = section(AdapterChoice, "Where Unix ids come from.", shorthand="kind")
    dwdi: AdapterChoice = section(AdapterChoice, "Where usage figures come from.", shorthand="kind")
    directory: AdapterChoice = section(
        _FILE, "Where users, projects and allocations are known from.", shorthand="kind"
    )
    documents: AdapterChoice = section(_FILE, "Where exported documents go.", shorthand="kind")
    events: AdapterChoice = section(_SQL, "Where usage events are kept.", shorthand="kind")


@attrs.frozen(kw_only=True)
class Settings:
    """Everything that can be configured. `Settings()` is the configuration of nobody's site."""

    debug: bool = setting(False, boolean, "Whether logging is verbose.", env="DEBUG")
    storage_systems: Mapping[str, str] = setting(
        NO_TABLE,
        storage_systems,
        "Names of storage systems and the slugs of their offerings in Waldur.",
        env="STORAGE_SYSTEMS",
        example="{capstor: cscs-capstor-offering, vast: cscs-vast-offering}",
        needed="storage",
    )
    waldur_api: WaldurApi = section(WaldurApi, "Waldur, the source of truth.")
    auth: Auth = section(Auth, "How callers prove who they are.")
    hpc_user_api: HpcUserApi = section(HpcUserApi, "The service that knows the Unix ids.")
    backend_settings: BackendSettings = section(BackendSettings, "Quotas and files.")
    backend_components: BackendComponents = section(BackendComponents, "Offering components.")
    usage: UsageSettings = section(UsageSettings, "Usage that is reported to Waldur.")
    events: EventsSettings = section(EventsSettings, "Usage events that collectors send.")
    sentry: Sentry = section(Sentry, "Reports of errors; off without a DSN.")
    snapshot_max_age: timedelta = setting(
        timedelta(seconds=15),
        seconds,
        "How old an answer may be before Waldur is read again; 0 reads it every time.",
        unit="seconds",
    )
    stale_if_error: timedelta = setting(
        timedelta(seconds=300),
        seconds,
        "How old an answer may get while Waldur cannot be read.",
        unit="seconds",
    )
    snapshot_keep: timedelta = setting(
        timedelta(seconds=300),
        seconds,
        "How long a snapshot is kept for clients that walk its pages.",
        unit="seconds",
    )
    item_ids: ItemIds = setting(
        ItemIds.DOCUMENTED,
        choice(ItemIds),
        f"How parents get their ids ({words(ItemIds)}); unique never repeats one.",
    )
    storage_system_source: StorageSystemSource = setting(
        StorageSystemSource.NAME,
        choice(StorageSystemSource),
        f"What names a system in paths ({words(StorageSystemSource)}).",
    )
    storage_roots: Mapping[str, tuple[MountPath, ...]] = setting(
        NO_ROOTS,
        storage_roots,
        "Paths that a system's directories may lie under, if not /<system>.",
        example="{capstor: [/capstor, /scratch]}",
    )
    include_terminated: bool = setting(
        False, boolean, "Whether terminated resources are always read."
    )
    strict: bool = setting(
        False, boolean, "Whether one resource that cannot be served fails the whole answer."
    )
    callback_base_url: str | None = setting(
        None,
        base_url,
        "URL that callbacks in answers start with; waldur_api.api_url if absent.",
        example="https://waldur.example.com/api/",
    )
    site_timezone: str = setting(
        "UTC",
        time_zone,
        "Zone of billing months, days of usage, and minutes that documents are named after.",
        example="Europe/Zurich",
    )
    log_format: LogFormat = setting(
        LogFormat.AUTO, choice(LogFormat), f"How log lines look ({words(LogFormat)})."
    )
    adapters: Adapters = section(Adapters, "The technology behind each port.")

    @property
    def zone(self) -> tzinfo:
        """`site_timezone` as something that dates can be given."""
        return UTC if self.site_timezone == "UTC" else ZoneInfo(self.site_timezone)


class Part(StrEnum):
    """A part of the program that cannot work without certain keys."""

    STORAGE = "storage"
    """Storage resources: reading them from Waldur, finding their Unix ids."""
    API = "API"
    """The HTTP server: knowing whose tokens to accept."""
    USAGE = "usage"
    """Usage reports: reading the warehouse, writing to Waldur."""
    WAREHOUSE = "warehouse"
    """The usage warehouse alone."""
    EVENTS = "events"
    """Usage events: taking them in, keeping them, linking them."""
