"""Commands set logging up for a whole process; a test gives it back as it was."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Let what a command configures end with its test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    for name, module in list(sys.modules.items()):
        # A logger that was used once keeps the configuration of that moment.
        if name.startswith("cscs_") and (logger := vars(module).get("_LOG")) is not None:
            vars(logger).pop("bind", None)
