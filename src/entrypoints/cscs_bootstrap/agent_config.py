"""Settings out of the site agent's YAML file, which the first generation's sync command reads.

Spec 002. Each offering of the type `cscs-hpc-storage` brings along its own Waldur, backend settings
and components; sections of ours may stand beside `offerings` and hold for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from uuid import UUID

import attrs

from cscs_bootstrap.agent_entries import STORAGE_BACKENDS, Entry, read_entries
from cscs_bootstrap.agent_offering_names import OfferingName, offering_names
from cscs_bootstrap.agent_sections import STORAGE_SHARED, environment_of, findings_of, note_shared
from cscs_bootstrap.settings import LoadedSettings, Settings, Source
from cscs_bootstrap.settings_findings import Findings
from cscs_bootstrap.settings_load import settle
from cscs_bootstrap.settings_rules import lacks_identity_service, objections_to_offering
from cscs_bootstrap.settings_values import Table
from cscs_bootstrap.settings_yaml import UnreadableFileError, read_yaml
from cscs_bootstrap.upstreams import unusable_ca_files
from cscs_domain.errors import ConfigurationError, Mistake
from cscs_domain.storage.mount_points import check_segment

_MOST_LEVELS: Final = 50
_WHAT_TO_SET: Final = (
    "Set hpc_user_api.api_url, client_id, client_secret and oidc_token_url beside offerings or by "
    "their variables (HPC_USER_API_URL, ...), or adapters.hpc_user."
)


@attrs.frozen(kw_only=True)
class AgentOffering:
    """One offering to export. `origin` says where it stands, e.g. `offerings[0] (agent.yaml:7)`.

    `settings` have no storage system until `with_slug` gives them one.
    """

    name: str
    uuid: UUID
    settings: Settings
    origin: str


@attrs.frozen(kw_only=True)
class AgentConfig:
    """The offerings of one file, the names of those of other backends, and what to tell people."""

    offerings: tuple[AgentOffering, ...]
    passed_over: tuple[str, ...]
    notices: tuple[str, ...]


def load_agent_config(environ: Mapping[str, str], path: Path) -> AgentConfig:
    """Load every storage offering of the file: environment before file before defaults.

    Only an offering's URL and token come from the file first, so that WALDUR_API_URL and
    WALDUR_API_TOKEN fill what it lacks. STORAGE_SYSTEMS does not count.

    `use_mock_target_items` meant data for development in the first generation: ids were made up.
    So it switches `hpc_user_api.development_mode` on, unless the file or the environment says
    otherwise or names a source of ids. Without either, nobody has an id but ready-made items.

    Raises `ConfigurationError` with every mistake of every storage offering.
    """
    file = _read(path)
    found = Findings()
    note_shared(file, STORAGE_SHARED, found)
    entries = read_entries(file, STORAGE_BACKENDS, found)
    names = tuple(offering_names(entries.ours, found))
    mistakes, notices = list(found.mistakes), list(found.notices)
    offerings = []
    for entry, name in zip(entries.ours, names, strict=True):
        try:
            loaded = _load(file, entry, environ)
        except ConfigurationError as error:
            mistakes += error.mistakes
            continue
        notices += loaded.notices
        if name is not None:
            offerings.append(_offering(entry, name, loaded.settings))
    if mistakes:
        raise ConfigurationError(dict.fromkeys(mistakes))  # shared keys are judged once an offering
    return AgentConfig(
        offerings=tuple(offerings),
        passed_over=entries.passed_over,
        notices=tuple(dict.fromkeys(notices)),
    )


def _offering(entry: Entry, name: OfferingName, settings: Settings) -> AgentOffering:
    return AgentOffering(
        name=name.text,
        uuid=name.uuid,
        settings=settings,
        origin=f"{entry.key} ({entry.origin})",
    )


def with_slug(settings: Settings, slug: str) -> Settings:
    """The settings of an offering whose slug Waldur has told: it is a system of the same name.

    Raises `InvalidValueError` if the slug cannot be part of a path.
    """
    systems = MappingProxyType({check_segment(slug, "offering slug"): slug})
    return attrs.evolve(settings, storage_systems=systems)


def _read(path: Path) -> Table:
    try:
        return read_yaml(path, most_levels=_MOST_LEVELS, is_ours=False)
    except UnreadableFileError as error:
        mistake = Mistake(error.place, None, error.reason, error.hint)
        raise ConfigurationError([mistake]) from None


def _load(file: Table, entry: Entry, environ: Mapping[str, str]) -> LoadedSettings:
    loaded = settle(
        findings_of(file, entry), environment_of(entry, environ), objections_to_offering
    )
    if mistakes := tuple(unusable_ca_files(loaded.settings)):
        raise ConfigurationError(mistakes)
    return _with_identities(entry, loaded)


def _with_identities(entry: Entry, loaded: LoadedSettings) -> LoadedSettings:
    """Say where ids come from if no service is configured that knows them."""
    settings = loaded.settings
    api, is_mocked = settings.hpc_user_api, settings.backend_settings.use_mock_target_items
    if api.development_mode or not lacks_identity_service(settings):
        return loaded
    is_free = loaded.origins["hpc_user_api.development_mode"].source is Source.DEFAULT
    if is_mocked and is_free:
        made_up = attrs.evolve(api, development_mode=True)
        settings = attrs.evolve(settings, hpc_user_api=made_up)
    notice = _about_identities(entry, is_mocked=is_mocked, is_made_up=is_mocked and is_free)
    return attrs.evolve(loaded, settings=settings, notices=(*loaded.notices, notice))


def _about_identities(entry: Entry, *, is_mocked: bool, is_made_up: bool) -> str:
    if is_made_up:
        key = f"{entry.key}.backend_settings.use_mock_target_items"
        return f"{key} is on: Unix ids that nobody knows are made up. Never for real directories."
    where = "nowhere" if is_mocked else "ready-made items in Waldur's metadata alone"
    return (
        f"hpc_user_api is not configured: Unix ids come from {where}, and a directory without one "
        f"is left out as missing_identity. {_WHAT_TO_SET}"
    )
