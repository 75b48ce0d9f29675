"""A file with people's data: for its owner alone, whole or not at all, in nobody's place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TypeAlias

from cscs_files.durable_files import sync_folder

Write: TypeAlias = Callable[[bytes], object]

_OWNER_ONLY = 0o600


@contextmanager
def private_file(path: Path) -> Iterator[Write]:
    """What to write pieces with; at the end of the context the file is on the disk.

    Nothing remains if something is raised. Raises `FileExistsError` and other `OSError`s.
    """
    _refuse_existing(path)
    temporary = path.with_name(f".{path.name}.{token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path)
        temporary.rename(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise FileExistsError(None, "it is there already, and stays as it is", str(path))
