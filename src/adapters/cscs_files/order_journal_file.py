"""The file under a journal: read whole when somebody changed it, written a line at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cscs_domain.errors import UpstreamServiceError
from cscs_files.durable_files import sync_folder
from cscs_files.file_reading import FileStamp, SourceFile

LARGEST_JOURNAL: Final = 64 * 2**20
"""Bytes: some hundred thousand calls. A fuller one is to be moved away."""


class JournalFile:
    """Methods block and raise `UpstreamServiceError`: call them in a thread, one at a time.

    A line counts as written when the storage has it. Nobody but this program may write into the
    file except by appending whole lines.
    """

    def __init__(self, path: Path, *, largest: int = LARGEST_JOURNAL) -> None:
        self._path = path
        self._file = SourceFile("Waldur orders", path, largest)
        self._read_as: FileStamp | None = None
        self._ends_in_a_line = True

    def refused(self, reason: str) -> UpstreamServiceError:
        """An error about what was read, which a person has to deal with; it is read again then."""
        self._read_as = None
        return self._file.error(reason, retryable=False)

    def changed(self) -> bytes | None:
        """The whole content, or None if it is as it was last read or left by `append`."""
        if self._is_absent():
            self._read_as = None
            self._ends_in_a_line = True
            return b""
        if self._read_as == self._file.stamp():
            return None
        content, self._read_as = self._file.read()
        self._ends_in_a_line = content[-1:] in {b"", b"\n"}
        return content

    def append(self, line: bytes) -> None:
        """Add a line, on a line of its own even if the last one was cut off."""
        before = b"" if self._ends_in_a_line else b"\n"
        self._read_as = None  # whatever happens now has to be looked at
        try:
            is_new = self._is_absent()
            self._path.touch(0o600)
            self._write(before + line)
            if is_new:
                sync_folder(self._path.parent)
        except OSError as error:
            raise self._unwritable(error) from None

    def _is_absent(self) -> bool:
        try:
            self._path.stat()
        except FileNotFoundError:
            return True
        except OSError as error:
            raise self._file.failed(error) from None
        return False

    def _write(self, content: bytes) -> None:
        with self._path.open("ab", buffering=0) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            self._read_as = FileStamp.of(os.fstat(file.fileno()))
        self._ends_in_a_line = True

    def _unwritable(self, error: OSError) -> UpstreamServiceError:
        lasting = isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError)
        reason = f"cannot be written: {error.strerror or type(error).__name__}"
        return self._file.error(reason, retryable=not lasting)
