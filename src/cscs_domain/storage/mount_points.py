"""Where a directory is mounted: safe absolute paths out of slugs.

Source: DESIGN section 3, spec 001 "Mount Point Generation". A `MountPath` is the only way into a
row's mount point and refuses everything that could lead elsewhere, so no slug, data type or backend
id, however hostile, ever reaches a provisioner as a path outside its place.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError

_MOST_SEGMENT_BYTES: Final = 255
_MOST_PATH_BYTES: Final = 4096

# No slash, no control character (C0, DEL, C1), no lone surrogate, and neither "." nor "..".
_SEGMENT_PATTERN: Final = r"(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f-\x9f\ud800-\udfff]+"
_SEGMENT: Final = re.compile(_SEGMENT_PATTERN)
_PATH: Final = re.compile(rf"(?:/{_SEGMENT_PATTERN})+")


def check_segment(text: str, what: str = "path segment") -> str:
    """Return the text if it may stand between two slashes, else raise `InvalidValueError`."""
    if not _SEGMENT.fullmatch(text):
        raise InvalidValueError(what, shown(text), "cannot be part of a path")
    if len(text) > _MOST_SEGMENT_BYTES // 4 and _bytes(text) > _MOST_SEGMENT_BYTES:
        raise InvalidValueError(what, shown(text), "is longer than 255 bytes")
    return text


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _is_path(_instance: object, _attribute: object, text: str) -> None:
    if not _PATH.fullmatch(text):
        raise InvalidValueError("path", shown(text), "is not an absolute, normalised path")
    if _bytes(text) > _MOST_PATH_BYTES:
        raise InvalidValueError("path", shown(text), "is longer than 4096 bytes")
    if len(text) > _MOST_SEGMENT_BYTES // 4:  # nothing shorter can hold too long a segment
        for segment in text[1:].split("/"):
            check_segment(segment)


@attrs.frozen(order=True)
class MountPath:
    """An absolute, normalised path of safe segments, e.g. `/capstor/store/cscs/uni/p1`."""

    text: str = attrs.field(validator=_is_path)

    @classmethod
    def of(cls, *segments: str) -> MountPath:
        """Join segments, each of which must be able to be one (no smuggled slashes)."""
        for segment in segments:
            check_segment(segment)
        return cls("/" + "/".join(segments))

    def child(self, segment: str) -> MountPath:
        """The path one level down."""
        text = f"{self.text}/{check_segment(segment)}"
        if len(text) > _MOST_PATH_BYTES // 4 and _bytes(text) > _MOST_PATH_BYTES:
            raise InvalidValueError("path", shown(text), "is longer than 4096 bytes")
        # A valid path and a valid segment make a valid path: the pattern need not run again.
        path: MountPath = object.__new__(MountPath)
        object.__setattr__(path, "text", text)
        return path

    @property
    def parent(self) -> MountPath | None:
        """The path one level up, or None at the top."""
        head = self.text.rpartition("/")[0]
        return MountPath(head) if head else None

    @property
    def segments(self) -> tuple[str, ...]:
        """The names between the slashes."""
        return tuple(self.text[1:].split("/"))

    def is_below(self, other: MountPath) -> bool:
        """Whether this path lies strictly inside the other one."""
        return self.text.startswith(other.text + "/")

    def __str__(self) -> str:
        return self.text


def path_from_backend_id(backend_id: str, roots: tuple[MountPath, ...]) -> MountPath | None:
    """Return the path that a backend id names, or None if it is an opaque id (no leading slash).

    Raises `InvalidValueError` for text that starts like a path but is not a normalised one
    strictly below one of the roots.
    """
    if not backend_id.startswith("/"):
        return None
    path = MountPath(backend_id)
    if not any(path.is_below(root) for root in roots):
        allowed = ", ".join(root.text for root in roots)
        raise InvalidValueError("backend id", shown(backend_id), f"is not below {allowed}")
    return path
