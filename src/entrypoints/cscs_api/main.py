"""`uvicorn cscs_api.main:app`: the application for this environment's settings.

Settings that do not hold end the process with code 2 and every mistake, before anything listens.
"""

from __future__ import annotations

import os
import sys
from typing import Final

import structlog
from starlette.applications import Starlette

from cscs_api.app import create_app
from cscs_bootstrap.events_service import events_for_server
from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.quiet_gc import spare_what_stays
from cscs_bootstrap.wiring import load_for_server
from cscs_domain.errors import ConfigurationError

_LOG: Final = structlog.get_logger("cscs.configuration")


def application() -> Starlette:
    """Load the settings that the environment names and make the application."""
    try:
        loaded = load_for_server(os.environ)
        configure_logs(loaded.settings)
        for notice in loaded.notices:
            _LOG.warning("configuration_notice", notice=notice)
        return create_app(loaded.settings, events=events_for_server(loaded))
    except ConfigurationError as error:
        sys.stderr.write(f"The configuration does not hold:\n{error}\n")
        raise SystemExit(2) from None


app = application()
spare_what_stays()
