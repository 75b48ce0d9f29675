"""What usage to report, out of a file of ours or out of the site agent's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cscs_bootstrap.agent_entries import OFFERINGS
from cscs_bootstrap.settings import LoadedSettings, Part
from cscs_bootstrap.settings_load import read_source, settled
from cscs_bootstrap.settings_values import Table
from cscs_bootstrap.upstreams import unusable_ca_files
from cscs_bootstrap.usage_jobs import UsageConfig, UsageOffering, job_of
from cscs_bootstrap.usage_of_agents import load_usage_of_agent
from cscs_domain.errors import ConfigurationError

__all__ = ["UsageConfig", "UsageOffering", "is_of_agent", "load_usage"]


def load_usage(environ: Mapping[str, str], path: Path | None, *, part: Part) -> UsageConfig:
    """Load what usage is reported, for `Part.USAGE`, or shown, for `Part.WAREHOUSE`.

    The file is `path`, else the one that the environment names, else none. The site agent's file
    is recognised by its list `offerings`. Raises `ConfigurationError` with every mistake.
    """
    source = read_source(environ, path, is_ours=False)
    if isinstance(source, Table) and OFFERINGS in source.entries:
        return load_usage_of_agent(source, environ, part)
    loaded = settled(source, environ, require=frozenset({part}))
    if mistakes := tuple(unusable_ca_files(loaded.settings)):
        raise ConfigurationError(mistakes)
    return UsageConfig(offerings=(_own(loaded),), notices=loaded.notices)


def is_of_agent(environ: Mapping[str, str], path: Path | None) -> bool:
    """Whether the file that `load_usage` would read is one of the site agent's."""
    source = read_source(environ, path, is_ours=False)
    return isinstance(source, Table) and OFFERINGS in source.entries


def _own(loaded: LoadedSettings) -> UsageOffering:
    usage = loaded.settings.usage
    return UsageOffering(
        job=job_of(usage, ", ".join(usage.offerings) or "usage"),
        settings=loaded.settings,
        origin=f"usage ({loaded.origins['usage.components']})",
        origins=loaded.origins,
    )
