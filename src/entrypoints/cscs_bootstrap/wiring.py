"""The only place that knows every adapter: settings in, wired services out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from cscs_bootstrap.settings import (
    AdapterChoice,
    AdapterKind,
    LoadedSettings,
    Part,
    Settings,
    Source,
    load_settings,
)
from cscs_bootstrap.storage_policy import freshness_policy, storage_policy
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.errors import ConfigurationError, InvalidValueError, Mistake
from cscs_domain.identities import UserRecord
from cscs_domain.ports import Clock, HpcUsers
from cscs_domain.storage.read_storage import StorageSources
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_fakes.waldur_rows import make_gids, make_rows, make_users
from cscs_files import FileHpcUsers, FileWaldurResources
from cscs_json import encode_row

DEMO_CONFIG: Final = Path(__file__).parent / "demo" / "config.yaml"
"""A configuration over invented data that needs no other service."""

_FAKE_RESOURCES: Final = 300
"""How many resources `adapters.waldur: fake` invents."""


def load(
    environ: Mapping[str, str], *, config: Path | None, parts: frozenset[Part]
) -> LoadedSettings:
    """Load settings that all these parts can work with; `ConfigurationError` with all mistakes."""
    # No Keycloak key is asked for: tokens cannot be checked yet, and `_unavailable` says just that.
    needed = parts - {Part.API}
    try:
        loaded = load_settings(environ, config_path=config, require=needed)
    except ConfigurationError as error:
        raise ConfigurationError([*error.mistakes, *_told_too(environ, config, parts)]) from None
    mistakes = [*_unavailable(loaded.settings, parts), *_refused_by_rules(loaded.settings, parts)]
    if mistakes:
        raise ConfigurationError(mistakes)
    return loaded


def _refused_by_rules(settings: Settings, parts: frozenset[Part]) -> Iterator[Mistake]:
    """What only the rules themselves refuse: better said now than when the server starts."""
    if Part.STORAGE in parts:
        try:
            storage_policy(settings)
        except InvalidValueError as error:
            yield Mistake("storage", None, f"cannot be set up: {error}.")


def _told_too(
    environ: Mapping[str, str], config: Path | None, parts: frozenset[Part]
) -> Iterator[Mistake]:
    """What else is wrong where only keys are missing, so that nobody is told in two rounds."""
    with suppress(ConfigurationError):
        yield from _unavailable(load_settings(environ, config_path=config).settings, parts)


def load_for_server(environ: Mapping[str, str], *, config: Path | None = None) -> LoadedSettings:
    """Load settings for the HTTP server: storage is needed only if a key of it is there."""
    try:
        return load(environ, config=config, parts=frozenset({Part.API, Part.STORAGE}))
    except ConfigurationError as error:
        if any(mistake.key == "storage_systems" for mistake in error.mistakes):
            loaded = load(environ, config=config, parts=frozenset({Part.API}))
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


def _unavailable(settings: Settings, parts: frozenset[Part]) -> Iterator[Mistake]:
    """What a configuration may say but this version cannot do."""
    if Part.STORAGE in parts:
        adapters = settings.adapters
        mocked = settings.hpc_user_api.development_mode
        if adapters.waldur.kind not in _HAVE:
            yield _no_adapter("waldur", adapters.waldur.kind)
        if adapters.hpc_user.kind not in _HAVE and not (mocked and _is_http(adapters.hpc_user)):
            yield _no_adapter("hpc_user", adapters.hpc_user.kind)
    if Part.API in parts and not settings.auth.disable_auth:
        yield Mistake(
            "auth.disable_auth",
            "DISABLE_AUTH",
            "must be true: this version cannot check tokens, so it lets nobody in.",
            "With it, only clients on this machine are answered.",
        )


_HAVE: Final = frozenset({AdapterKind.FILE, AdapterKind.FAKE})


def _is_http(choice: AdapterChoice) -> bool:
    return choice.kind is AdapterKind.HTTP


def _no_adapter(port: str, kind: AdapterKind) -> Mistake:
    return Mistake(
        f"adapters.{port}",
        f"CSCS_ADAPTERS__{port.upper()}",
        f"is {kind}, which this version does not have for it.",
        "Use file (or fake, for invented data).",
    )


def storage_service(settings: Settings, clock: Clock | None = None) -> StorageService:
    """Wire the storage answer out of settings that `load` has found fit for it."""
    invented = _invented(settings)
    waldur = (
        FakeWaldurResources(invented)
        if settings.adapters.waldur.kind is AdapterKind.FAKE
        else FileWaldurResources(settings.adapters.waldur.path)
    )
    return StorageService(
        policy=storage_policy(settings),
        sources=StorageSources(waldur, _hpc_users(settings, invented)),
        inspection=waldur,
        clock=clock or SystemClock(),
        encode=encode_row,
        freshness=freshness_policy(settings),
        include_terminated=settings.include_terminated,
        strict=settings.strict,
    )


def _hpc_users(settings: Settings, invented: Sequence[Mapping[str, object]]) -> HpcUsers:
    choice = settings.adapters.hpc_user
    if choice.kind is AdapterKind.FILE:
        return FileHpcUsers(choice.path[0])
    # Without invented rows this one knows nobody, and development mode makes everybody up.
    return FakeHpcUsers(gids=make_gids(invented), users=_users(invented))


def _users(invented: Sequence[Mapping[str, object]]) -> list[UserRecord]:
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


def _invented(settings: Settings) -> Sequence[Mapping[str, object]]:
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
