"""The command `cscs`, which also answers where the libraries of its extra are missing."""

import sys

from cscs_cli.missing_extra import run_if_installed


def run() -> int:
    """Run the command and return its exit code."""
    return run_if_installed("cscs", "cscs_cli.main")


if __name__ == "__main__":
    sys.exit(run())
