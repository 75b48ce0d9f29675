"""Rules that need more than one key, and what each part of the program cannot do without.

A rule yields `Objection`s. One is dropped if any key it speaks of was already refused, since a key
that is wrong must not be called missing as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from cscs_bootstrap.settings_events_rules import events_conflicts
from cscs_bootstrap.settings_model import AdapterKind, Part, Settings
from cscs_bootstrap.settings_objections import Caution, Objection, missing
from cscs_bootstrap.settings_usage_rules import report_needs, usage_conflicts, warehouse_needs
from cscs_bootstrap.settings_values import Reason

_HTTP, _FILE, _SQL, _FAKE = AdapterKind
_UPSTREAM: Final = (_HTTP, _FILE, _FAKE)
ADAPTER_KINDS: Final[Mapping[str, tuple[AdapterKind, ...]]] = {
    "waldur": _UPSTREAM,
    "hpc_user": _UPSTREAM,
    "dwdi": _UPSTREAM,
    "directory": (_FILE, _SQL, _FAKE),
    "documents": (_FILE, _FAKE),
    "events": (_SQL, _FAKE),
}
"""The technologies that exist for each port."""

_READ_FROM_FILES: Final = ("waldur", "hpc_user", "dwdi")
_HPC_USER_KEYS: Final = ("api_url", "client_id", "client_secret", "oidc_token_url")


def objections(settings: Settings, require: Collection[Part]) -> Iterator[Objection]:
    """Yield everything that does not fit together, then everything that is missing."""
    yield from _coefficients(settings)
    yield from _roots(settings)
    yield from _adapters(settings)
    yield from usage_conflicts(settings)
    yield from events_conflicts(settings)
    parts = frozenset(require)
    if parts & {Part.STORAGE, Part.USAGE}:
        yield from _waldur(settings)
    if Part.STORAGE in parts:
        yield from _storage(settings)
    if Part.API in parts:
        yield from _api(settings)
    if Part.USAGE in parts:
        yield from report_needs(settings)
    if parts & {Part.USAGE, Part.WAREHOUSE}:
        yield from warehouse_needs(settings)


def objections_to_offering(settings: Settings) -> Iterator[Objection]:
    """Yield what does not hold of one offering whose storage system is not known yet.

    The identity service may be absent as a whole, since items in Waldur's metadata may bring their
    Unix ids along; half a configuration of it is a slip.
    """
    yield from _coefficients(settings)
    yield from _adapters(settings)
    yield from _waldur(settings)
    if not lacks_identity_service(settings):
        yield from _hpc_user(settings)


def lacks_identity_service(settings: Settings) -> bool:
    """Whether nothing at all is configured that knows Unix ids."""
    api = settings.hpc_user_api
    is_begun = any(getattr(api, name) is not None for name in _HPC_USER_KEYS)
    return settings.adapters.hpc_user.kind is _HTTP and not is_begun


def cautions(settings: Settings) -> Iterator[Caution]:
    """Yield a sentence for every setting that is allowed but takes protection away."""
    auth = settings.auth
    if auth.disable_auth:
        yield Caution("auth.disable_auth", "is on: answers are given without any token.")
    if auth.disable_auth and auth.allow_insecure_bind:
        text = "is on: that holds for clients of other machines as well."
        yield Caution("auth.allow_insecure_bind", text)
    if not settings.waldur_api.verify_ssl:
        text = "is off: anybody on the way can pretend to be Waldur."
        yield Caution("waldur_api.verify_ssl", text)
    if settings.hpc_user_api.development_mode:
        text = "is on: Unix ids that nobody knows are made up."
        yield Caution("hpc_user_api.development_mode", text)


def _coefficients(settings: Settings) -> Iterator[Objection]:
    backend = settings.backend_settings
    soft, hard = backend.inode_soft_coefficient, backend.inode_hard_coefficient
    if not hard > soft:
        yield Objection(
            "backend_settings.inode_hard_coefficient",
            Reason(f"must be greater than the soft coefficient: {hard} is not above {soft}."),
            ("backend_settings.inode_soft_coefficient",),
        )


def _roots(settings: Settings) -> Iterator[Objection]:
    known = ", ".join(settings.storage_systems) or "none"
    for system in settings.storage_roots:
        if system not in settings.storage_systems:
            reason = "is not a configured storage system."
            hint = f"Configured under storage_systems: {known}."
            yield Objection("storage_roots", Reason(reason, hint, system), ("storage_systems",))


def _adapters(settings: Settings) -> Iterator[Objection]:
    for name, kinds in ADAPTER_KINDS.items():
        chosen = getattr(settings.adapters, name)
        key = f"adapters.{name}"
        if chosen.kind not in kinds:
            allowed = ", ".join(kinds)
            yield Objection(key, Reason(f"cannot be {chosen.kind}.", f"Choose one of {allowed}."))
        elif chosen.kind is _FILE and name in _READ_FROM_FILES and not chosen.path:
            hint = f"Write {name}: {{kind: file, path: ...}} under adapters."
            yield Objection(f"{key}.path", Reason(f"is missing: {key} is file.", hint), (key,))


def _storage(settings: Settings) -> Iterator[Objection]:
    if not settings.storage_systems:
        yield missing("storage_systems", "storage resources cannot be found without it")
    yield from _hpc_user(settings)


def _waldur(settings: Settings) -> Iterator[Objection]:
    if settings.adapters.waldur.kind is _HTTP:
        why = "Waldur cannot be asked without it"
        for name in ("api_url", "access_token"):
            if getattr(settings.waldur_api, name) is None:
                yield missing(f"waldur_api.{name}", why, "adapters.waldur")


def _hpc_user(settings: Settings) -> Iterator[Objection]:
    api = settings.hpc_user_api
    if settings.adapters.hpc_user.kind is not _HTTP or api.development_mode:
        return
    why = "Unix ids cannot be looked up without it"
    for name in _HPC_USER_KEYS:
        if getattr(api, name) is None:
            beside = ("adapters.hpc_user", "hpc_user_api.development_mode")
            yield missing(f"hpc_user_api.{name}", why, *beside)


def _api(settings: Settings) -> Iterator[Objection]:
    if settings.auth.keycloak_url is None and not settings.auth.disable_auth:
        why = "tokens cannot be checked without it (auth.disable_auth is off)"
        yield missing("auth.keycloak_url", why, "auth.disable_auth")
