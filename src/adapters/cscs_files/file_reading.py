"""Bytes of files that stand in for a service, read whole or not at all.

`retryable` of the errors: yes where the program that writes the file may be putting it right at
this moment (it is missing, the storage did not answer, it does not end like a finished document),
no where a person has to act (permissions, size, form).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from cscs_domain.errors import UpstreamServiceError


@attrs.frozen
class FileStamp:
    """Tells one state of a file from the next without reading it; times in nanoseconds."""

    modified: int
    changed: int
    size: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """Take what matters out of a file's status."""
        return cls(
            status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev
        )


@attrs.frozen
class SourceFile:
    """A file that stands in for a service; errors name both. Sizes in bytes.

    Methods block and raise `UpstreamServiceError`: call them in a thread.
    """

    stands_for: str
    path: Path
    largest: int

    @property
    def service(self) -> str:
        """The name of the service in errors: the file's name, never its folder."""
        return f"{self.stands_for} (file {_printable(self.path.name)})"

    def error(self, reason: str, *, retryable: bool) -> UpstreamServiceError:
        """An error of this file."""
        return UpstreamServiceError(self.service, reason, retryable)

    def stamp(self) -> FileStamp:
        """The file's state now."""
        try:
            return FileStamp.of(self._usable(self.path.stat()))
        except OSError as error:
            raise self.failed(error) from None

    def read(self) -> tuple[bytes, FileStamp]:
        """The whole content and the state it was in when it was opened."""
        try:
            self._usable(self.path.stat())  # before opening: a named pipe would wait for a writer
            with self.path.open("rb") as file:
                stamp = FileStamp.of(self._usable(os.fstat(file.fileno())))
                content = file.read(self.largest + 1)
        except OSError as error:
            raise self.failed(error) from None
        if len(content) != stamp.size:
            raise self.error("is being written while it is read", retryable=True)
        return content, stamp

    def _usable(self, status: os.stat_result) -> os.stat_result:
        if not stat.S_ISREG(status.st_mode):
            raise self.error("is not a regular file", retryable=False)
        if status.st_size > self.largest:
            size = f"has {status.st_size} bytes, more than the {self.largest} that are read"
            raise self.error(size, retryable=False)
        return status

    def failed(self, error: OSError) -> UpstreamServiceError:
        """The error of this file that the operating system's error means."""
        if isinstance(error, FileNotFoundError):
            return self.error("does not exist (yet); check the configured path", retryable=True)
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
        return self.error(reason, retryable=not isinstance(error, PermissionError))


def json_files(stands_for: str, path: Path, largest: int) -> list[SourceFile]:
    """The file itself, or a directory's `*.json` files by name, hidden ones left out.

    Raises `UpstreamServiceError` for a directory without any: an answer from nothing would read as
    "everything is gone".
    """
    named = SourceFile(stands_for, path, largest)
    try:
        if not path.is_dir():
            return [named]
        found = sorted(filter(_is_visible_json, path.iterdir()))
    except OSError as error:
        raise named.failed(error) from None
    if not found:
        raise named.error("is a directory without any *.json file", retryable=True)
    return [SourceFile(stands_for, file, largest) for file in found]


def _is_visible_json(path: Path) -> bool:
    return path.suffix == ".json" and not path.name.startswith(".")


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)
