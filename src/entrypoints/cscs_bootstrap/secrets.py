"""Values that must never be seen: tokens, client secrets, proxy passwords.

Each shows a mask wherever Python would print it (`repr`, `str`, f-strings, tracebacks with local
variables) and refuses to be pickled. `reveal()` is the one way to the text, so that a search for
that word finds every use.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Final, NoReturn, Self
from urllib.parse import urlsplit

MASK: Final = "***"
_MOST_BYTES: Final = 64 * 1024


class SecretFileError(ValueError):
    """A file does not hold a usable secret. The message never quotes what it holds."""


class Secret:
    """A text that shows itself as `***`.

    >>> Secret("hunter2")
    ***
    >>> Secret("hunter2").reveal() == "hunter2"
    True
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself. Keep it out of logs, errors and long-lived objects."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        # A width would otherwise be refused with an error in the middle of a log line.
        return str(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_digest(self.reveal()), _digest(other.reveal()))

    # A hash could be used to try out guesses, and nothing keeps secrets in sets.
    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere, so it cannot be pickled")


class FileSecret(Secret):
    """A secret kept in a file, as container platforms mount them; read again when that changes.

    Raises `SecretFileError` if the file is unreadable, empty or not UTF-8 text. A file that turns
    bad later (half of a rotation) leaves the last good text in use, and `fault` says why.
    """

    __slots__ = ("_path", "_stamp", "fault")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault: str | None = None
        text, self._stamp = _read(path)
        super().__init__(text)

    def reveal(self) -> str:
        """Return what the file holds now, without its trailing newline."""
        if _stamp_of(self._path) == self._stamp:
            self.fault = None
        else:
            self._read_again()
        return self._text

    def _read_again(self) -> None:
        try:
            self._text, self._stamp = _read(self._path)
        except SecretFileError as error:
            self.fault = str(error)
        else:
            self.fault = None


class ProxyUrl(Secret):
    """The URL of a proxy; shown without the user and password that it may hold.

    >>> ProxyUrl("socks5://me:hunter2@localhost:1080")
    socks5://***@localhost:1080
    """

    __slots__ = ()

    def __repr__(self) -> str:
        parts = urlsplit(self._text)
        credentials, at, place = parts.netloc.rpartition("@")
        return f"{parts.scheme}://{MASK if credentials else ''}{at}{place}"


class DatabaseUrl(Secret):
    """The URL of a database; shown without what stands before the host and after the path.

    >>> DatabaseUrl("postgresql://me:hunter2@localhost/events?password=hunter2")
    postgresql://***@localhost/events?***
    """

    __slots__ = ()

    def __repr__(self) -> str:
        scheme, separator, rest = self._text.partition("://")
        if not separator or not scheme.replace("+", "").isalnum():
            return MASK
        credentials, at, place = rest.rpartition("@")
        if "?" in credentials or "#" in credentials:
            # Either the password holds one of these, or what follows them holds the last @.
            return f"{scheme}://{MASK}"
        end = min(filter(lambda found: found >= 0, map(place.find, "?#")), default=None)
        path, query = (place, "") if end is None else (place[:end], place[end] + MASK)
        return f"{scheme}://{MASK if credentials else ''}{at}{path}{query}"


_Stamp = tuple[int, int, int]


def _read(path: Path) -> tuple[str, _Stamp]:
    try:
        with path.open("rb") as file:
            # Stamped before it is read: a change in between then shows as a change.
            stamp = _stamp(os.fstat(file.fileno()))
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a possible file name"
        raise SecretFileError(f"cannot be read ({reason})") from None
    return _text_of(data), stamp


def _text_of(data: bytes) -> str:
    if len(data) > _MOST_BYTES:
        raise SecretFileError(f"holds more than {_MOST_BYTES} bytes")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretFileError("does not hold UTF-8 text") from None
    if reason := unusable(text):
        raise SecretFileError(reason)
    return text


def unusable(text: str) -> str | None:
    """Say why a text cannot be a secret, or None: empty, or something no HTTP header can hold."""
    if not text.strip():
        return "is empty"
    if any(not character.isprintable() for character in text):
        return "holds a line break or another character that cannot be printed"
    return None


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def _digest(text: str) -> bytes:
    # Equal lengths to compare, whatever the texts: even the length stays unknown.
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
