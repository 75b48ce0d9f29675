"""Failures that a command tells in sentences instead of a traceback."""

from __future__ import annotations

from cscs_domain.errors import ConfigurationError


class UsageError(Exception):
    """The command cannot be carried out as it was asked for. The message is for the terminal."""


class RefusedConfigurationError(UsageError):
    """The settings do not hold. `error` has every mistake, `hint` how to begin (or nothing)."""

    def __init__(self, error: ConfigurationError, hint: str = "") -> None:
        self.error = error
        self.hint = hint
        super().__init__(error, hint)

    def __str__(self) -> str:
        text = f"The configuration does not hold:\n{self.error}"
        return f"{text}\n{self.hint}" if self.hint else text
