"""`cscs config example`."""

from __future__ import annotations

from cscs_bootstrap.settings import example_yaml
from cscs_cli.exit_codes import ExitCode
from cscs_cli.terminal import say


def config_example() -> int:
    """Print a commented YAML file with every setting and its default."""
    say(example_yaml().rstrip("\n"))
    return ExitCode.DONE
