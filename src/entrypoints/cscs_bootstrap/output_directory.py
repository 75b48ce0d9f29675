"""The folder that documents are written to, looked at before anything is read or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cscs_domain.errors import Mistake

OUTPUT_DIRECTORY_KEY = "backend_settings.output_directory"
OUTPUT_DIRECTORY_VARIABLE = "CSCS_BACKEND_SETTINGS__OUTPUT_DIRECTORY"


def output_directory_mistakes(
    directory: Path,
    key: str = OUTPUT_DIRECTORY_KEY,
    variable: str | None = OUTPUT_DIRECTORY_VARIABLE,
) -> Iterator[Mistake]:
    """What is wrong with the folder, under the name of the key or option that it comes from.

    It is never made here: a name with a slip in it would be a place that no consumer looks at.
    """
    reason, hint = _fault(directory)
    if reason:
        yield Mistake(key, variable, f"{str(directory)!a} {reason}.", hint)


def _fault(directory: Path) -> tuple[str, str]:
    try:
        mode = directory.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist", "Make the folder, or name another one."
    except OSError as error:
        return f"cannot be looked at ({error.strerror})", "Check the path."
    except ValueError:  # a NUL in it
        return "is no path", "Check the path."
    if not stat.S_ISDIR(mode):
        return "is not a folder", "Name a folder."
    return _forbidden(directory)


def _forbidden(directory: Path) -> tuple[str, str]:
    if not os.access(directory, os.W_OK | os.X_OK):
        return "cannot be written to by this user", "Change its permissions, or name another."
    if not os.access(directory, os.R_OK):  # names that are taken have to be seen
        return "cannot be listed by this user", "Change its permissions, or name another."
    return "", ""
