"""Writing that lasts: what these functions have written is on the storage when they return."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_MODE: Final = 0o666
"""Less what the user's mask takes away: others are to read the file."""
_UNABLE: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
_UNOPENED: Final = _UNABLE | {errno.EACCES, errno.EPERM}
"""Windows refuses to open any folder; a user may have no right to list this one."""


def write_new_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Make this file of these pieces. Raises `OSError`; the caller removes what is there then."""
    descriptor = os.open(path, _NEW, _MODE)
    try:
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in it last, where the file system does such a thing. Raises `OSError`."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in _UNOPENED:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
    finally:
        os.close(descriptor)
