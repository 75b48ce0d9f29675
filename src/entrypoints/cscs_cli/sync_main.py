"""The command `waldur_cscs_storage_sync` of spec 002, for sites that already call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cyclopts import App

from cscs_cli.help_texts import SYNC
from cscs_cli.main import new_app, run_app
from cscs_cli.storage_sync import storage_sync

_NAME: Final = "waldur_cscs_storage_sync"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's); return the exit code."""
    return run_app(_NAME, make_app, arguments)


def make_app() -> App:
    """The command, which has no subcommands."""
    app = new_app(_NAME, SYNC)
    app.default(storage_sync)
    return app
