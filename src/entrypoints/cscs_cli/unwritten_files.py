"""Files of results that could not be written: whether somebody named a wrong one."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from cscs_cli.failures import UsageError
from cscs_cli.terminal import OutputLostError, visible

_WRONG_PLACE: Final = frozenset(
    {
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL),
    }
)
"""Here a file can never be written, whoever tries again."""


def unwritten(what: str, file: Path, error: OSError) -> UsageError | OutputLostError:
    """What to raise for a file that could not be written; `what` (or nothing) stands before it.

    A usage error for a place where no file can be, else output that was lost, as on a full disk.
    """
    why = error.strerror or type(error).__name__
    sentence = f"{what} {visible(str(file))}".lstrip() + f" cannot be written: {why}."
    if isinstance(error, FileExistsError) or error.errno in _WRONG_PLACE:
        return UsageError(sentence)
    return OutputLostError(f"{sentence} Nothing is left of it.")
