"""Who may write into a folder of documents: whoever holds the kernel's lock on a hidden file."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from socket import gethostname
from typing import Final

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_files.document_folder import HIDDEN, DocumentFolder

LOCK: Final = f"{HIDDEN}.lock"

_OTHER_WAYS: Final = (os.O_RDWR, os.O_RDONLY)
"""How to open a lock that another user made: systems may refuse to let one be made anew where it
is (folders like /tmp), and what only its owner may write can be locked by others nevertheless."""

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
            if error.errno == errno.EBADF:  # on NFS, what is open for reading alone
                raise self._not_ours(f"write ({why})") from None
            advice = "let its file system keep locks (flock), or choose a folder on another one"
            raise self.folder.error(f"cannot be locked: {why}; {advice}") from None
        return True

    def leave(self) -> None:
        """Let others in, if it was entered."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # the next one in may be a user who cannot sign
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _opened(self) -> int:
        try:
            descriptor = self._opened_by(os.O_RDWR | os.O_CREAT)  # NFS locks nothing read-only
        except PermissionError as error:
            descriptor = self._opened_otherwise(error)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self.folder.error(f"has a {LOCK} that is no file; move it away")
        return descriptor

    def _opened_by(self, way: int) -> int:
        # Never through a link, and without waiting for the other end of a pipe.
        safely = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(self.folder.path / LOCK, way | safely, 0o666)

    def _opened_otherwise(self, refusal: PermissionError) -> int:
        for way in _OTHER_WAYS:
            with suppress(OSError):
                return self._opened_by(way)
        if not os.path.lexists(self.folder.path / LOCK):  # the folder is what cannot be used
            raise refusal
        raise self._not_ours("open") from None

    def _not_ours(self, what: str) -> UpstreamServiceError:
        return self.folder.error(
            f"has a lock {LOCK} of another user, which this one may not {what}; let its owner"
            " give the right to read and write it, or delete it while nobody exports"
        )


def _sign(descriptor: int) -> None:
    """Say who is in, if that may be written. A disk that is full keeps nobody out."""
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
