"""What usage to report, out of the site agent's file."""

from __future__ import annotations

from collections.abc import Mapping

from cscs_bootstrap.agent_entries import USAGE_BACKENDS, Entry, read_entries
from cscs_bootstrap.agent_offering_names import offering_names
from cscs_bootstrap.agent_sections import USAGE_SHARED, note_shared
from cscs_bootstrap.agent_usage_sections import usage_environment, usage_findings
from cscs_bootstrap.settings import LoadedSettings, Part
from cscs_bootstrap.settings_findings import Findings
from cscs_bootstrap.settings_load import settle
from cscs_bootstrap.settings_rules import objections
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
        notices += loaded.notices
        job = job_of(loaded.settings.usage, entry.label if name is None else name.text)
        origin = f"{entry.key} ({entry.origin})"
        offerings.append(UsageOffering(job=job, settings=loaded.settings, origin=origin))
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
    loaded = settle(
        findings, usage_environment(entry, environ), lambda settings: objections(settings, wanted)
    )
    if mistakes := tuple(unusable_ca_files(loaded.settings)):
        raise ConfigurationError(mistakes)
    return loaded
