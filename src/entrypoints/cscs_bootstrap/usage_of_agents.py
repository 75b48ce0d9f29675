"""What usage to report, out of the site agent's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cscs_bootstrap.agent_entries import USAGE_BACKENDS, Entry, read_entries
from cscs_bootstrap.agent_offering_names import offering_names
from cscs_bootstrap.agent_sections import USAGE_SHARED, note_shared
from cscs_bootstrap.agent_usage_sections import usage_environment, usage_findings
from cscs_bootstrap.settings import LoadedSettings, Part, Settings, Source
from cscs_bootstrap.settings_findings import Findings
from cscs_bootstrap.settings_load import settle
from cscs_bootstrap.settings_objections import Objection
from cscs_bootstrap.settings_rules import objections
from cscs_bootstrap.settings_usage_rules import unused_by_profile
from cscs_bootstrap.settings_values import Table
from cscs_bootstrap.upstreams import unusable_ca_files
from cscs_bootstrap.usage_jobs import UsageConfig, UsageOffering, job_of
from cscs_domain.errors import ConfigurationError


def load_usage_of_agent(file: Table, environ: Mapping[str, str], part: Part) -> UsageConfig:
    """Load every offering whose usage is reported out of DWDI.

    Sections of ours that stand beside `offerings` hold for all of them (`adapters`, `debug`,
    `log_format`, `site_timezone` or the agent's `timezone`, `usage`). What an offering says itself
    counts before the environment, which fills in what it lacks. Raises `ConfigurationError` with
    every mistake.
    """
    found = Findings()
    note_shared(file, USAGE_SHARED, found)
    entries = read_entries(file, USAGE_BACKENDS, found)
    names = tuple(offering_names(entries.ours, found, may_lack_uuid=True))
    mistakes, notices = list(found.mistakes), list(found.notices)
    offerings = []
    for entry, name in zip(entries.ours, names, strict=True):
        findings = usage_findings(file, entry, None if name is None else name.uuid)
        try:
            loaded = _load(entry, findings, environ, part)
        except ConfigurationError as error:
            mistakes += error.mistakes
            continue
        notices += (*loaded.notices, *_unused(loaded, findings))
        offerings.append(
            UsageOffering(
                job=job_of(loaded.settings.usage, entry.label if name is None else name.text),
                settings=loaded.settings,
                origin=f"{entry.key} ({entry.origin})",
                origins=loaded.origins,
                names=MappingProxyType(_names(loaded, findings)),
            )
        )
    if mistakes:
        raise ConfigurationError(dict.fromkeys(mistakes))  # shared keys are judged once an offering
    return UsageConfig(
        offerings=tuple(offerings),
        notices=tuple(dict.fromkeys(notices)),
        passed_over=entries.passed_over,
    )


def _load(
    entry: Entry, findings: Findings, environ: Mapping[str, str], part: Part
) -> LoadedSettings:
    wanted = frozenset({part})

    def judge(settings: Settings) -> Iterator[Objection]:
        unused = frozenset(unused_by_profile(settings))
        return (each for each in objections(settings, wanted) if each not in unused)

    loaded = settle(findings, usage_environment(entry, environ), judge)
    if mistakes := tuple(unusable_ca_files(loaded.settings)):
        raise ConfigurationError(mistakes)
    return loaded


def _unused(loaded: LoadedSettings, findings: Findings) -> Iterator[str]:
    """What an offering carries along although its backend never looked at it."""
    for objection in unused_by_profile(loaded.settings):
        key = ".".join(filter(None, (objection.key, objection.reason.subkey)))
        origin = loaded.origins[objection.key]
        is_variable = origin.source is Source.ENVIRONMENT
        name = key if is_variable else findings.written(key)
        yield f"{name} ({origin}) {objection.reason.text.removesuffix('.')}; it is ignored."


def _names(loaded: LoadedSettings, findings: Findings) -> dict[str, str]:
    """The file's own names of keys, but for those that stand in variables."""
    return {
        key: findings.written(key)
        for key, origin in loaded.origins.items()
        if origin.source is not Source.ENVIRONMENT
    }
