"""Writing that lasts: what these functions have written is on the storage when they return."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_MODE: Final = 0o666
"""Less what the user's mask takes away: others are to read the file."""


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
    """Make the names in it last. Some systems cannot, and need not."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
