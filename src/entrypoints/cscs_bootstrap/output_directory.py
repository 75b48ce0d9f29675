"""The folder that documents are written to, looked at before anything is read or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs

from cscs_domain.errors import Mistake

OUTPUT_DIRECTORY_KEY = "backend_settings.output_directory"
OUTPUT_DIRECTORY_VARIABLE = "CSCS_BACKEND_SETTINGS__OUTPUT_DIRECTORY"


@attrs.frozen
class FolderOrigin:
    """Where the path of a folder was written: under a key or an option, perhaps in a variable.

    `option` is the one that can name another folder, where the command has such.
    """

    key: str = OUTPUT_DIRECTORY_KEY
    variable: str | None = OUTPUT_DIRECTORY_VARIABLE
    option: str | None = None


CONFIGURED = FolderOrigin()
"""In the settings, for a command that takes no other folder."""


def output_directory_mistakes(
    directory: Path, origin: FolderOrigin = CONFIGURED
) -> Iterator[Mistake]:
    """What is wrong with the folder, under the name of the key or option that it comes from.

    It is never made here: a name with a slip in it would be a place that no consumer looks at.
    """
    reason, advice = _fault(directory)
    if reason:
        another = f" with {origin.option}" if origin.option else ""
        hint = f"{advice}, or name another one{another}."
        yield Mistake(origin.key, origin.variable, f"{_whole(directory)!a} {reason}.", hint)


def _whole(directory: Path) -> str:
    """The path as it reads from everywhere: cron and people seldom stand in the same place."""
    with suppress(OSError):  # the working directory may be gone
        directory = directory.absolute()
    return str(directory)


def _fault(directory: Path) -> tuple[str, str]:
    """What is wrong, if anything is, and what would mend it."""
    try:
        mode = directory.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist", "Make the folder"
    except OSError as error:
        return f"cannot be looked at ({error.strerror})", "Check the path"
    except ValueError:  # a NUL in it
        return "is no path", "Check the path"
    if not stat.S_ISDIR(mode):
        return "is not a folder", "Make a folder in its place"
    return _forbidden(directory)


def _forbidden(directory: Path) -> tuple[str, str]:
    if not os.access(directory, os.W_OK | os.X_OK):
        return "cannot be written to by this user", "Change its permissions"
    if not os.access(directory, os.R_OK):  # names that are taken have to be seen
        return "cannot be listed by this user", "Change its permissions"
    return "", ""
