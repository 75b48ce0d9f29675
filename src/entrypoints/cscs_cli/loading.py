"""Settings for a command: from its options and this process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cscs_bootstrap.settings import PATH_VARIABLE, LoadedSettings, Part, describe, load_settings
from cscs_bootstrap.usage_configuration import UsageConfig, load_usage
from cscs_bootstrap.wiring import DEMO_CONFIG, load, load_for_server
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_domain.errors import ConfigurationError

HOW_TO_BEGIN: Final = (
    "Nothing is configured yet: `cscs config example > cscs.yaml` writes a file to begin with "
    f"(name it by --config or {PATH_VARIABLE}); `cscs serve --demo` needs no configuration."
)


def settings_for_server(config: Path | None, *, demo: bool = False) -> LoadedSettings:
    """What `serve` needs. Raises `RefusedConfigurationError` with every mistake."""
    try:
        return load_for_server(os.environ, config=config_file(config, demo=demo))
    except ConfigurationError as error:
        raise RefusedConfigurationError(error, hint_to_begin(os.environ, config)) from None


def settings_for(
    parts: frozenset[Part], config: Path | None, *, demo: bool = False
) -> LoadedSettings:
    """What these parts need. Raises `RefusedConfigurationError` with every mistake."""
    try:
        return load(os.environ, config=config_file(config, demo=demo), parts=parts)
    except ConfigurationError as error:
        raise RefusedConfigurationError(error, hint_to_begin(os.environ, config)) from None


def usage_settings(part: Part, config: Path | None, *, demo: bool = False) -> UsageConfig:
    """What usage is reported or shown. Raises `RefusedConfigurationError` with every mistake."""
    try:
        return load_usage(os.environ, config_file(config, demo=demo), part=part)
    except ConfigurationError as error:
        raise RefusedConfigurationError(error, hint_to_begin(os.environ, config)) from None


def config_file(config: Path | None, *, demo: bool) -> Path | None:
    """The file that was named, or that of the demo. Raises `UsageError` for both."""
    if demo and config is not None:
        raise UsageError("--demo brings its own configuration; leave out --config or --demo.")
    return DEMO_CONFIG if demo else config


def hint_to_begin(environ: Mapping[str, str], config: Path | None) -> str:
    """How to begin, for somebody who has not begun."""
    has_file = config is not None or environ.get(PATH_VARIABLE, "").strip()
    return "" if has_file or _is_any_set(environ) else HOW_TO_BEGIN


def _is_any_set(environ: Mapping[str, str]) -> bool:
    variables = {row.variable for row in describe(load_settings({}))}
    # Many programs look at DEBUG: it is no sign that somebody has configured this one.
    names = {name for variable in variables for name in (variable, f"{variable}_FILE")} - {"DEBUG"}
    return any(environ.get(name, "").strip() for name in names)
