"""Who may write into a folder of documents: whoever holds the kernel's lock on a hidden file."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from socket import gethostname
from typing import Final

import attrs

from cscs_files.document_folder import HIDDEN, DocumentFolder

LOCK: Final = f"{HIDDEN}.lock"

_LONGEST: Final = 200
_HOLDER: Final = re.compile(rb"(\d{1,10}) ([A-Za-z0-9.-]{1,64}) ([0-9:TZ-]{20})\n?")


@attrs.define
class DocumentLock:
    """One try after the other to get the lock of a folder, which ends with the process at last.

    The file stays when nobody holds it: were it deleted, two writers could hold two locks. What it
    says is only for people; if two hosts share the folder, a process's number is not enough.
    """

    folder: DocumentFolder
    _descriptor: int | None = attrs.field(init=False, default=None)

    def enter(self) -> str | None:
        """Try once. Returns None if that was it, else who is in. Raises `OSError`."""
        descriptor = self._opened()
        try:
            if not self._locks(descriptor):
                return _holder(descriptor)
            self._descriptor = descriptor
        finally:
            if self._descriptor is None:
                os.close(descriptor)
        _sign(descriptor)
        return None

    def _locks(self, descriptor: int) -> bool:
        # Here, since Windows has none of it, and the package's other modules may be used there.
        import fcntl  # noqa: PLC0415

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            why = error.strerror or type(error).__name__
            advice = "let its file system keep locks (flock), or choose a folder on another one"
            raise self.folder.error(f"cannot be locked: {why}; {advice}") from None
        return True

    def leave(self) -> None:
        """Let others in, if it was entered."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _opened(self) -> int:
        # Never through a link, and without waiting for the other end of a pipe. Open for writing,
        # without which NFS has no exclusive locks.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self.folder.path / LOCK, flags, 0o666)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self.folder.error(f"has a {LOCK} that is no file; move it away")
        return descriptor


def _sign(descriptor: int) -> None:
    """Say who is in. A disk that is full keeps nobody out."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {gethostname()} {now}\n".encode(), 0)


def _holder(descriptor: int) -> str:
    found = _HOLDER.fullmatch(os.pread(descriptor, _LONGEST, 0))
    if found is None:  # it has not signed yet, or somebody else wrote there
        return "another process"
    process, host, since = (part.decode() for part in found.groups())
    return f"process {process} on {host} since {since}"
