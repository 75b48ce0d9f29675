"""Console scripts are installed even where only the domain was asked for.

There they say in one sentence what to install, instead of a traceback out of a library nobody has
heard of. So this module and those of the scripts themselves need nothing but Python.
"""

import sys
from importlib import import_module

USAGE_OR_CONFIGURATION = 2


def run_if_installed(command: str, module: str) -> int:
    """Call `main()` of a module of ours and return its exit code; `command` is for the sentence."""
    try:
        main = import_module(module).main
    except ModuleNotFoundError as missing:
        if _is_ours(missing.name):
            raise
        print(_sentence(command, missing.name), file=sys.stderr)
        return USAGE_OR_CONFIGURATION
    code: int = main()
    return code


def _is_ours(module: str | None) -> bool:
    """A package of this project that is missing is a broken installation, not a missing extra."""
    return module is None or module.startswith("cscs_")


def _sentence(command: str, module: str | None) -> str:
    return (
        f"{command}: the command needs the extra 'cli', of which {module!r} is not installed; "
        "install it with: pip install 'cscs-domain[cli]'"
    )
