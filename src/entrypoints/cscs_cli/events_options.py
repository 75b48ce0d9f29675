"""What the commands about usage events have in common: settings, and how results look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import attrs
from cyclopts import Parameter

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import Part, Settings
from cscs_cli.loading import settings_for
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.terminal import complain, visible


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class EventsOptions:
    """Where settings come from, and whether results are for programs."""

    config: Annotated[
        Path | None,
        NAMED_PATH,
        Parameter(metavar="FILE", help="The YAML file to load settings from."),
    ] = None
    json: Annotated[bool, Parameter(help="Print one JSON object instead of text.")] = False


DEFAULTS: Final = EventsOptions()


def load_for_events(options: EventsOptions) -> Settings:
    """Settings that hold, with logging set up. Raises `RefusedConfigurationError`."""
    loaded = settings_for(frozenset({Part.EVENTS}), options.config)
    configure_logs(loaded.settings)
    for notice in loaded.notices:
        complain(f"Notice: {visible(notice)}")
    return loaded.settings
