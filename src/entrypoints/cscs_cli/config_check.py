"""`cscs config check`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import attrs
from cyclopts import Parameter

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import LoadedSettings, Part, as_json, as_text, describe
from cscs_bootstrap.usage_configuration import UsageConfig, is_of_agent
from cscs_bootstrap.usage_describing import describe_offering
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import RefusedConfigurationError
from cscs_cli.loading import settings_for, settings_for_server, usage_settings
from cscs_cli.terminal import complain, say, say_bytes, visible

_USAGE: Final = frozenset({Part.USAGE, Part.WAREHOUSE})


def config_check(
    *,
    config: Annotated[
        Path | None, Parameter(metavar="FILE", help="The YAML file to check.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of text.")] = False,
    part: Annotated[
        tuple[Part, ...],
        Parameter(
            consume_multiple=True,
            help="Check that these parts can work, instead of what `cscs serve` needs.",
        ),
    ] = (),
) -> int:
    """Print the configuration in effect and where each value comes from, or every mistake."""
    parts = frozenset(part)
    try:
        if parts and parts <= _USAGE and is_of_agent(os.environ, config):
            _tell_offerings(usage_settings(_most_of(parts), config), json=json)
            return ExitCode.DONE
        loaded = settings_for(parts, config) if parts else settings_for_server(config)
    except RefusedConfigurationError as refused:
        if not json:
            raise
        say_bytes(encode(_mistakes(refused)))
        return ExitCode.USAGE_OR_CONFIGURATION
    if json:
        say_bytes(encode({"settings": as_json(describe(loaded)), "notices": loaded.notices}))
    else:
        _show(loaded)
    return ExitCode.DONE


def _most_of(parts: frozenset[Part]) -> Part:
    return Part.USAGE if Part.USAGE in parts else Part.WAREHOUSE


def _tell_offerings(config: UsageConfig, *, json: bool) -> None:
    """Tell what is in effect for each offering of the site agent's file."""
    described = [(each, describe_offering(each)) for each in config.offerings]
    if json:
        offerings = [
            {"offering": each.job.name, "origin": each.origin, "settings": as_json(rows)}
            for each, rows in described
        ]
        say_bytes(encode({"offerings": offerings, "notices": config.notices}))
        return
    for each, rows in described:
        say(f"{visible(each.job.name)}: {visible(each.origin)}")
        say(as_text(rows))
    _complain(config.notices)


def _mistakes(refused: RefusedConfigurationError) -> dict[str, object]:
    found: dict[str, object] = {"mistakes": [attrs.asdict(m) for m in refused.error.mistakes]}
    return found | {"hint": refused.hint} if refused.hint else found


def _show(loaded: LoadedSettings) -> None:
    say(as_text(describe(loaded)).rstrip("\n"))
    _complain(loaded.notices)


def _complain(notices: Iterable[str]) -> None:
    for notice in notices:
        complain(f"Notice: {notice}")
