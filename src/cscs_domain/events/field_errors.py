"""What is wrong with an event or a batch that somebody sent: where, and what it must be.

Sentences are in the manner of the reference (usage events contract, section 2), such as
`metrics.cpu_time_seconds must not be less than 0`.
"""

from __future__ import annotations

from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InputError

MOST_ERRORS_OF_AN_EVENT: Final = 20
"""Nobody reads more, and whoever sends nonsense gets no answer longer than that."""


@attrs.frozen
class FieldError:
    """One fault: the path of a member ("" for the whole), what it must be, and what it is.

    `got` is fit to be shown; "" where the sentence says enough.
    """

    path: str
    reason: str
    got: str = ""

    def __str__(self) -> str:
        return f"{self.rule} (got {self.got})" if self.got else self.rule

    @property
    def rule(self) -> str:
        """The sentence without what it is: for logs, which are no place for foreign values."""
        return f"{self.path} {self.reason}" if self.path else self.reason

    def below(self, path: str) -> FieldError:
        """The same fault, seen from further outside."""
        return attrs.evolve(self, path=f"{path}.{self.path}" if self.path else path)


class _FieldErrorsError(InputError):
    """Data that cannot be taken. Carries every fault, not just the first."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__(errors)

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors))


class MalformedEventError(_FieldErrorsError):
    """A value is no usage event. Paths begin at the event."""


class MalformedBatchError(_FieldErrorsError):
    """A value is no batch of events, whatever its events are like. Paths begin at the batch."""


@attrs.define
class Faults:
    """Collects the first `most` faults, and remembers whether there are more."""

    most: int = MOST_ERRORS_OF_AN_EVENT
    _found: list[FieldError] = attrs.field(factory=list, init=False)
    is_full: bool = attrs.field(default=False, init=False)
    """Whether more were found than are kept: there is no need to look any further."""

    def add(self, path: str, reason: str) -> None:
        """Remember a fault whose sentence says enough."""
        self._keep(FieldError(path, reason))

    def add_value(self, path: str, reason: str, value: object) -> None:
        """Remember a fault and the value that has it; None is "nothing"."""
        self._keep(FieldError(path, reason, "nothing" if value is None else shown(value)))

    def _keep(self, error: FieldError) -> None:
        if len(self._found) < self.most:
            self._found.append(error)
        else:
            self.is_full = True

    def __bool__(self) -> bool:
        return bool(self._found)

    def listed(self) -> tuple[FieldError, ...]:
        """What was found, in order; the last one says if that is not all."""
        more = FieldError("", "has more errors than are told here")
        return (*self._found, more) if self.is_full else tuple(self._found)
