"""The only place that knows every adapter: settings in, wired services out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from cscs_bootstrap.events_adapters import unusable_database
from cscs_bootstrap.events_service import are_events_configured
from cscs_bootstrap.settings import (
    AdapterKind,
    LoadedSettings,
    Part,
    Settings,
    Source,
    load_settings,
)
from cscs_bootstrap.settings_events_rules import events_notices
from cscs_bootstrap.storage_policy import freshness_policy, storage_policy
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.system_clock import SystemClock
from cscs_bootstrap.upstreams import (
    Close,
    WaldurAdapters,
    http_hpc_users,
    http_waldur,
    nothing_to_close,
    token_verifier,
    unusable_ca_files,
)
from cscs_domain.errors import ConfigurationError, InvalidValueError, Mistake
from cscs_domain.identities import UserRecord
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.ports import Clock, HpcUsers
from cscs_domain.storage.mappings import PROVIDER, HierarchyMapping
from cscs_domain.storage.read_storage import StorageSources
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_fakes.waldur_rows import make_gids, make_rows, make_users
from cscs_files import FileHpcUsers, FileWaldurResources
from cscs_json import encode_row

DEMO_CONFIG: Final = Path(__file__).parent / "demo" / "config.yaml"
"""A configuration over invented data that needs no other service."""

DEMO_COLLECTOR_KEY: Final = "demo-collector-key"
"""What collectors send to the demo; it stands in that configuration."""

_Rows: TypeAlias = Sequence[Mapping[str, object]]

_EVENTS_SERVER: Final = frozenset({Part.API, Part.EVENTS})
_FAKE_RESOURCES: Final = 300
"""How many resources `adapters.waldur: fake` invents."""

__all__ = [
    "DEMO_COLLECTOR_KEY",
    "DEMO_CONFIG",
    "load",
    "load_for_server",
    "storage_service",
    "token_verifier",
]


def load(
    environ: Mapping[str, str], *, config: Path | None, parts: frozenset[Part]
) -> LoadedSettings:
    """Load settings that all these parts can work with; `ConfigurationError` with all mistakes."""
    loaded = load_settings(environ, config_path=config, require=parts)
    mistakes = [*_refused_by_rules(loaded.settings, parts), *unusable_ca_files(loaded.settings)]
    if mistakes:
        raise ConfigurationError(mistakes)
    return _with_notices_of_events(loaded) if parts >= _EVENTS_SERVER else loaded


def _with_notices_of_events(loaded: LoadedSettings) -> LoadedSettings:
    """What is told of events only where they are served."""
    if not are_events_configured(loaded):
        return loaded
    return attrs.evolve(loaded, notices=(*loaded.notices, *events_notices(loaded.settings)))


def _refused_by_rules(settings: Settings, parts: frozenset[Part]) -> Iterator[Mistake]:
    """What only the rules themselves refuse: better said now than when the server starts."""
    if Part.STORAGE in parts:
        try:
            storage_policy(settings)
        except InvalidValueError as error:
            yield Mistake("storage", None, f"cannot be set up: {error}.")
    if Part.EVENTS in parts:
        yield from unusable_database(settings)


def load_for_server(environ: Mapping[str, str], *, config: Path | None = None) -> LoadedSettings:
    """Load settings for the HTTP server: storage is needed only if a key of it is there.

    Usage events need no key: whether they are configured is asked of what is loaded.
    """
    try:
        return load(environ, config=config, parts=_EVENTS_SERVER | {Part.STORAGE})
    except ConfigurationError as error:
        if any(mistake.key == "storage_systems" for mistake in error.mistakes):
            loaded = load(environ, config=config, parts=_EVENTS_SERVER)
            if not any(map(_is_about_storage, _given(loaded))):
                return loaded
        raise


def _given(loaded: LoadedSettings) -> Iterator[str]:
    return (key for key, origin in loaded.origins.items() if origin.source is not Source.DEFAULT)


def _is_about_storage(key: str) -> bool:
    return key.startswith(_STORAGE_KEYS)


_STORAGE_KEYS: Final = (
    "storage_",
    "waldur_api.",
    "hpc_user_api.",
    "adapters.waldur",
    "adapters.hpc_user",
    "backend_",
    "callback_base_url",
    "item_ids",
)


def storage_service(
    settings: Settings, clock: Clock | None = None, *, mapping: HierarchyMapping = PROVIDER
) -> StorageService:
    """Wire the storage answer out of settings that `load` has found fit for it."""
    clock = clock or SystemClock()
    invented = _invented(settings)
    waldur = _waldur(settings, invented)
    hpc_users, close_hpc_users = _hpc_users(settings, invented, clock)
    return StorageService(
        policy=storage_policy(settings, mapping),
        sources=StorageSources(waldur.resources, hpc_users),
        inspection=waldur.resources,
        offerings=waldur.resources,
        orders=waldur.orders,
        clock=clock,
        encode=encode_row,
        freshness=freshness_policy(settings),
        include_terminated=settings.include_terminated,
        strict=settings.strict,
        closers=(waldur.close, close_hpc_users),
        gid_cache=hpc_users.statistics if isinstance(hpc_users, CachedHpcUsers) else None,
    )


def _waldur(settings: Settings, invented: _Rows) -> WaldurAdapters:
    choice = settings.adapters.waldur
    match choice.kind:
        case AdapterKind.FAKE:
            return WaldurAdapters(FakeWaldurResources(invented))
        case AdapterKind.FILE:
            return WaldurAdapters(FileWaldurResources(choice.path))
        case _:
            return http_waldur(settings)


def _hpc_users(settings: Settings, invented: _Rows, clock: Clock) -> tuple[HpcUsers, Close]:
    choice, api = settings.adapters.hpc_user, settings.hpc_user_api
    match choice.kind:
        case AdapterKind.FILE:
            return FileHpcUsers(choice.path[0]), nothing_to_close
        case AdapterKind.HTTP if api.is_complete:
            return http_hpc_users(settings, clock)
        case _:
            # Without invented rows this one knows nobody, and development mode makes them up.
            fake = FakeHpcUsers(gids=make_gids(invented), users=_users(invented))
            return fake, nothing_to_close


def _users(invented: _Rows) -> list[UserRecord]:
    return [
        UserRecord(
            username=name,
            uid=user["unixUid"],
            email=user["email"],
            primary_project=primary["posixName"],
            primary_gid=primary["unixGid"],
        )
        for name, user in make_users(invented).items()
        if isinstance(primary := user["primaryProject"], Mapping)
    ]


def _invented(settings: Settings) -> _Rows:
    """Rows for fake adapters, sold by the offerings that this site has configured."""
    adapters = settings.adapters
    if AdapterKind.FAKE not in {adapters.waldur.kind, adapters.hpc_user.kind}:
        return ()
    slugs = settings.storage_systems
    rows = make_rows(_FAKE_RESOURCES)
    return [
        row | {"offering_slug": slugs.get(str(row["offering_slug"]), row["offering_slug"])}
        for row in rows
    ]
