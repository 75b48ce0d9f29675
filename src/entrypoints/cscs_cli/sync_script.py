"""The command `waldur_cscs_storage_sync`, which also answers where its libraries are missing."""

import sys

from cscs_cli.missing_extra import run_if_installed


def run() -> int:
    """Run the command and return its exit code."""
    return run_if_installed("waldur_cscs_storage_sync", "cscs_cli.sync_main")


if __name__ == "__main__":
    sys.exit(run())
