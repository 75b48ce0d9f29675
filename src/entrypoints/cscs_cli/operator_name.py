"""Who runs a command, for what is remembered of it."""

from __future__ import annotations

import getpass

from cscs_cli.failures import UsageError


def operator_name() -> str:
    """The name of this system's user. Raises `UsageError` for one that has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise UsageError(
            "This system knows no name of yours, and who corrects a link is remembered; set the "
            "variable LOGNAME to your name."
        ) from None
