"""An offering whose usage the site agent reported, written as the section `usage` of our own form.

Its backend names the kind and the profile, its `backend_settings` the warehouse, and its
`backend_components` are `usage.components`. Source: spec 000; DWDI contract, sections 1 and 13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_bootstrap.agent_entries import OFFERINGS, USAGE_BACKENDS, Entry
from cscs_bootstrap.agent_offering_names import OFFERING_UUID
from cscs_bootstrap.agent_sections import (
    API,
    USAGE_SHARED,
    api_names,
    api_section,
    filled_api,
    ignored,
    note_repeats,
    without_variables,
)
from cscs_bootstrap.settings_fields import outline
from cscs_bootstrap.settings_findings import Elsewhere, Findings, collect
from cscs_bootstrap.settings_model import Settings
from cscs_bootstrap.settings_usage_components import COMPONENT_KEYS
from cscs_bootstrap.settings_values import Reason, Scalar, Table, Value, kind_of
from cscs_domain.usage.metering import UsageKind, WarehouseProfile

_METERED: Final[Mapping[str, tuple[UsageKind, WarehouseProfile]]] = dict(
    zip(
        USAGE_BACKENDS.names,
        (
            (UsageKind.COMPUTE, WarehouseProfile.V1),
            (UsageKind.COMPUTE, WarehouseProfile.V2),
            (UsageKind.STORAGE, WarehouseProfile.V2),
            (UsageKind.INFERENCE, WarehouseProfile.V2),
        ),
        strict=True,
    )
)
"""What each of the first generation's backends did."""

_WAREHOUSE: Final = dict.fromkeys(
    (
        *("cscs_dwdi_api_url", "cscs_dwdi_client_id", "cscs_dwdi_client_secret"),
        *("cscs_dwdi_oidc_token_url", "cscs_dwdi_oidc_scope", "cscs_dwdi_cluster", "socks_proxy"),
        *("storage_filesystem", "storage_data_type", "storage_path_mapping", "storage_tenant"),
        "storage_url_style",
    )
)
"""Keys of `usage` that stand in an offering's `backend_settings`."""

_SETTINGS: Final = "backend_settings"
_COMPONENTS: Final = "backend_components"
_OF_ENTRIES: Final = ("offerings", "kind", "profile")
"""Keys of `usage` that every offering has for itself, if by other names."""

_ZONE, _AGENTS_ZONE = "site_timezone", "timezone"
_READ_IN_ENTRIES: Final = frozenset(
    {
        *("name", "backend_type", "reporting_backend", OFFERING_UUID),
        *(*API.values(), _SETTINGS, _COMPONENTS),
    }
)


def usage_findings(file: Table, entry: Entry, uuid: UUID | None) -> Findings:
    """Collect what the file says about one offering: its own keys and the shared ones.

    If it has a uuid and none is given, what is wrong with it has been told.
    """
    findings = Findings()
    shared = _shared(file, findings)
    own = dict(_own(entry, findings))
    findings.elsewhere = Elsewhere(
        api_names(entry) | _names(entry, own, shared) | _zone_name(file), entry.origin
    )
    note_repeats(entry, _READ_IN_ENTRIES, findings)
    usage = Table({**shared, **own, **_metered(entry)}, entry.origin)
    beside = {name: value for name, value in file.entries.items() if name in USAGE_SHARED}
    zone = {_ZONE: file.entries[_AGENTS_ZONE]} if _zone_name(file) else {}
    sections = {**beside, **zone, "usage": usage, "waldur_api": api_section(entry)}
    collect(outline(Settings), Table(sections, entry.origin), findings)
    if uuid is not None:
        findings.values["usage.offerings"] = Scalar(str(uuid), entry.place_of(OFFERING_UUID))
    elif entry.has(OFFERING_UUID):
        findings.refused.add("usage.offerings")
    return findings


def _zone_name(file: Table) -> dict[str, str]:
    """The agent's own name of the zone that months are counted in, where ours is not used."""
    is_agents = _AGENTS_ZONE in file.entries and _ZONE not in file.entries
    return {_ZONE: _AGENTS_ZONE} if is_agents else {}


def usage_environment(entry: Entry, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that count for an offering: those of what it does not say itself.

    One variable cannot be right for offerings of several warehouses.
    """
    settings = entry.table.entries.get(_SETTINGS)
    said = settings.entries if isinstance(settings, Table) else {}
    filled = {f"usage.{key}" for key in _WAREHOUSE if _is_filled(said.get(key))}
    if entry.has(_COMPONENTS):
        filled.add("usage.components")
    if entry.has(OFFERING_UUID):
        filled.add("usage.offerings")
    decided = {"usage.kind", "usage.profile", "storage_systems"}
    return without_variables(environ, filled_api(entry) | filled | decided)


def _is_filled(value: Value | None) -> bool:
    return value is not None and not (isinstance(value, Scalar) and value.is_blank)


def _metered(entry: Entry) -> dict[str, Value]:
    key, backend = entry.backend(USAGE_BACKENDS.keys)
    kind, profile = _METERED[backend]
    place = entry.place_of(key)
    return {"kind": Scalar(kind.value, place), "profile": Scalar(profile.value, place)}


def _shared(file: Table, findings: Findings) -> dict[str, Value]:
    """What a section `usage` beside the offerings says for all of them."""
    section = file.entries.get("usage")
    if section is None or not _is_filled(section):
        return {}
    if not isinstance(section, Table):
        reason = Reason(f"must be a mapping, not {kind_of(section)}.")
        findings.note("usage", reason, section.origin)
        return {}
    for name in _OF_ENTRIES:
        if name in section.entries:
            place = section.entries[name].origin
            findings.notices.append(
                f"usage.{name} ({place}) is not read from a file with {OFFERINGS}."
            )
    return {name: value for name, value in section.entries.items() if name not in _OF_ENTRIES}


def _own(entry: Entry, findings: Findings) -> Iterator[tuple[str, Value]]:
    """The offering's own keys as keys of `usage`."""
    written = entry.table.entries
    settings = written.get(_SETTINGS)
    if isinstance(settings, Table):
        yield from _warehouse(entry, settings, findings)
    elif settings is not None and _is_filled(settings):
        reason = Reason(f"must be a mapping, not {kind_of(settings)}.")
        findings.note(f"{entry.key}.{_SETTINGS}", reason, settings.origin)
        findings.refused.update(f"usage.{key}" for key in _WAREHOUSE)
    components = written.get(_COMPONENTS)
    if components is not None and _is_filled(components):
        yield "components", _known_components(entry, components, findings)


def _warehouse(entry: Entry, settings: Table, findings: Findings) -> Iterator[tuple[str, Value]]:
    place = f"{entry.key}.{_SETTINGS}"
    for repeat in settings.repeats:
        if repeat.key in _WAREHOUSE:
            reason = Reason("is given twice.", "Keep one of them.")
            findings.note(f"{place}.{repeat.key}", reason, repeat.again)
    for name, value in settings.entries.items():
        if name not in _WAREHOUSE:
            findings.notices.append(ignored(place, name, value, _WAREHOUSE))
        elif _is_filled(value):
            yield name, value


def _known_components(entry: Entry, value: Value, findings: Findings) -> Value:
    """The components without the keys that only the agent knows."""
    if not isinstance(value, Table):
        return value
    kept: dict[str, Value] = {}
    for name, item in value.entries.items():
        place = f"{entry.key}.{_COMPONENTS}.{name}"
        kept[name] = _known_keys(place, item, findings) if isinstance(item, Table) else item
    return attrs.evolve(value, entries=kept)


def _known_keys(place: str, component: Table, findings: Findings) -> Table:
    known = {name: item for name, item in component.entries.items() if name in COMPONENT_KEYS}
    findings.notices += (
        ignored(place, name, item, COMPONENT_KEYS)
        for name, item in component.entries.items()
        if name not in known
    )
    repeats = tuple(repeat for repeat in component.repeats if repeat.key in known)
    return Table(known, component.origin, repeats)


def _names(entry: Entry, own: Mapping[str, Value], shared: Mapping[str, Value]) -> dict[str, str]:
    """Our keys and the names that people wrote, or would write, for this offering."""
    theirs = {key: f"{entry.key}.{_SETTINGS}.{key}" for key in _WAREHOUSE}
    theirs["components"] = f"{entry.key}.{_COMPONENTS}"
    theirs["offerings"] = f"{entry.key}.{OFFERING_UUID}"
    is_shared = shared.keys() - own.keys()
    return {f"usage.{key}": name for key, name in theirs.items() if key not in is_shared}
