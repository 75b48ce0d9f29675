"""Everything this library raises on purpose.

CscsError
├── InputError                    somebody's data or request
│   ├── InvalidValueError         a value object refused what it was given
│   ├── ResourceProcessingError   a resource cannot be served as it stands
│   │   └── MissingIdentityError  ... because nobody knows its Unix id
│   └── SnapshotGoneError         a walk is pinned to a snapshot no longer kept
├── UpstreamServiceError          somebody's service (or the file that stands in for it)
└── ConfigurationError            the operator's settings, all mistakes at once

Bulk work does not raise for one bad record: it returns `Problem` values (see `problems`) beside
the good rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cscs_domain._text import label

if TYPE_CHECKING:
    from collections.abc import Iterable


class CscsError(Exception):
    """The root: catch this to catch everything that the library raises on purpose."""


class InputError(CscsError):
    """Somebody's data is at fault. Sending the same again will not help."""


@attrs.define(slots=False, eq=False)
class InvalidValueError(InputError, ValueError):
    """A value object refused its input. Also a `ValueError`, as constructors' callers expect."""

    what: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} {self.value} {self.reason}"


@attrs.define(slots=False, eq=False)
class ResourceProcessingError(InputError):
    """A resource is there but cannot be turned into a row (spec 004, section 7)."""

    resource: str
    reason: str

    def __str__(self) -> str:
        return f"resource {self.resource}: {self.reason}"


@attrs.define(slots=False, eq=False)
class MissingIdentityError(ResourceProcessingError):
    """No Unix id is known for the resource's project or user, so nothing may be provisioned."""


@attrs.define(slots=False, eq=False)
class SnapshotGoneError(InputError):
    """The snapshot that a walk is pinned to is unknown here or no longer kept."""

    snapshot: str

    def __str__(self) -> str:
        return f"snapshot {label(self.snapshot)} is not kept here (any more)"


@attrs.define(slots=False, eq=False)
class UpstreamServiceError(CscsError):
    """A service we depend on did not give a usable answer.

    `retryable` says whether asking again later can help without anybody changing anything.
    """

    service: str
    reason: str
    retryable: bool = True

    def __str__(self) -> str:
        return f"{self.service}: {self.reason}"


@attrs.frozen
class Mistake:
    """One thing wrong with the settings: which key, which variable (if any), why, what to do."""

    key: str
    variable: str | None
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.key} (variable {self.variable})" if self.variable else self.key
        return f"{where}: {self.reason}" + (f" {self.hint}" if self.hint else "")


class ConfigurationError(CscsError):
    """The settings do not hold. Carries every mistake, not just the first."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)
