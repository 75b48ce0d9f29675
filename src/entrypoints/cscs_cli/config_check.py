"""`cscs config check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import LoadedSettings, Part, as_json, as_text, describe
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import RefusedConfigurationError
from cscs_cli.loading import settings_for, settings_for_server
from cscs_cli.terminal import complain, say, say_bytes


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
    try:
        loaded = settings_for(frozenset(part), config) if part else settings_for_server(config)
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


def _mistakes(refused: RefusedConfigurationError) -> dict[str, object]:
    found: dict[str, object] = {"mistakes": [attrs.asdict(m) for m in refused.error.mistakes]}
    return found | {"hint": refused.hint} if refused.hint else found


def _show(loaded: LoadedSettings) -> None:
    say(as_text(describe(loaded)).rstrip("\n"))
    for notice in loaded.notices:
        complain(f"Notice: {notice}")
