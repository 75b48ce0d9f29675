"""The command `cscs`, which also answers where the libraries of its extra are missing."""

import sys

USAGE_OR_CONFIGURATION = 2


def run() -> int:
    """Run the command and return its exit code.

    The console script is installed even where only the domain was asked for. There it says in
    one sentence what to install, instead of a traceback out of a library nobody has heard of.
    """
    try:
        from cscs_cli.main import main
    except ModuleNotFoundError as missing:
        if _is_ours(missing.name):
            raise
        print(_sentence(missing.name), file=sys.stderr)
        return USAGE_OR_CONFIGURATION
    return main()


def _is_ours(module: str | None) -> bool:
    """A package of this project that is missing is a broken installation, not a missing extra."""
    return module is None or module.startswith("cscs_")


def _sentence(module: str | None) -> str:
    return (
        f"cscs: the command needs the extra 'cli', of which {module!r} is not installed; "
        "install it with: pip install 'cscs-domain[cli]'"
    )


if __name__ == "__main__":
    sys.exit(run())
