"""Everything this library raises on purpose.

CscsError
├── InputError                    somebody's data or request
│   ├── InvalidValueError         a value object refused what it was given
│   ├── AuthenticationError       a caller whose token is missing or not believed
│   ├── PermissionDeniedError     a caller who is known, and may not
│   ├── ResourceProcessingError   a resource cannot be served as it stands
│   │   └── MissingIdentityError  ... because nobody knows its Unix id
│   ├── UnknownOrderError         Waldur shows no such order to this token
│   ├── UnknownResourceError      Waldur shows no such resource to this token
│   ├── UnknownOfferingError      Waldur shows no such offering, or it is not configured
│   ├── OrderConflictError        an order's state does not allow what was asked
│   ├── ResourceConflictError     a resource's state does not allow what was asked
│   ├── OrderErredError           an order was approved, and Waldur could not process it
│   ├── UsageRefusedError         Waldur does not take the usage of a resource
│   │   └── MonthClosedError      ... because the month is closed for this token
│   ├── MalformedEventError       a value is no usage event (in `events.field_errors`)
│   ├── MalformedBatchError       a value is no batch of usage events (there too)
│   ├── UnknownEventError         the store has no such usage event
│   ├── UnknownEntryError         the directory has no such user, project or allocation
│   ├── ReusedKeyError            an idempotency key came with another batch than before
│   └── SnapshotGoneError         a walk is pinned to a snapshot no longer kept
├── UpstreamServiceError          somebody's service (or the file that stands in for it)
│   ├── WrongMonthError           Waldur booked usage into another month than it was told
│   └── StoreUnavailableError     the store of usage events cannot be reached
├── OutdatedStoreError            the store's tables are those of another version
├── DocumentsBusyError            somebody else is writing documents to the same place
└── ConfigurationError            the operator's settings, all mistakes at once

Bulk work does not raise for one bad record: it returns `Problem` values (see `problems`) beside
the good rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cscs_domain._text import label, shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID


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
class AuthenticationError(InputError):
    """A token is missing or not believed (DESIGN section 9). `reason` never quotes it."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@attrs.define(slots=False, eq=False)
class PermissionDeniedError(InputError):
    """The caller is known, and may not do this. `help` says what it would take."""

    reason: str
    help: str

    def __str__(self) -> str:
        return self.reason


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
class UnknownOrderError(InputError):
    """Waldur has no such order, or does not show it to this token; nobody can tell which."""

    order: UUID

    def __str__(self) -> str:
        return f"order {self.order} is absent or not visible to this token"


@attrs.define(slots=False, eq=False)
class UnknownResourceError(InputError):
    """Waldur has no such resource, or does not show it to this token."""

    resource: UUID

    def __str__(self) -> str:
        return f"resource {self.resource} is absent or not visible to this token"


@attrs.define(slots=False, eq=False)
class UnknownOfferingError(InputError):
    """Waldur shows no such offering to this token, or no configured system is sold by it."""

    offering: UUID
    reason: str

    def __str__(self) -> str:
        return f"offering {self.offering} {self.reason}"


@attrs.define(slots=False, eq=False)
class OrderConflictError(InputError):
    """An order is in a state that the action neither starts from nor leads to.

    `state` is Waldur's word for it; `advice` says what would help.
    """

    order: UUID
    action: str
    state: str
    advice: str

    def __str__(self) -> str:
        state = label(self.state)
        return f"order {self.order} is {state}, so no {label(self.action)}: {self.advice}"


@attrs.define(slots=False, eq=False)
class ResourceConflictError(InputError):
    """A resource is in a state that the action neither starts from nor leads to."""

    resource: UUID
    action: str
    state: str

    def __str__(self) -> str:
        return f"resource {self.resource} is {label(self.state)}, so no {label(self.action)}"


@attrs.define(slots=False, eq=False)
class OrderErredError(InputError):
    """An order turned erred right after its approval. `message` is what Waldur says about it."""

    order: UUID
    message: str

    def __str__(self) -> str:
        return f"order {self.order} was approved and then erred: {shown(self.message)}"


@attrs.define(slots=False, eq=False)
class UsageRefusedError(InputError):
    """Waldur does not take the usage of one resource; that of others may be taken."""

    resource: UUID
    reason: str

    def __str__(self) -> str:
        return f"resource {self.resource}: Waldur does not take its usage: {shown(self.reason)}"


@attrs.define(slots=False, eq=False)
class MonthClosedError(UsageRefusedError):
    """The month is past, and this token may not change what was billed (Waldur contract, 7)."""


@attrs.define(slots=False, eq=False)
class UnknownEventError(InputError):
    """The store has no usage event of this id."""

    event_id: UUID

    def __str__(self) -> str:
        return f"there is no usage event {self.event_id}"


@attrs.define(slots=False, eq=False)
class UnknownEntryError(InputError):
    """The directory has no such entry, or several; `kind` is user, project or allocation."""

    kind: str
    name: str
    reason: str = "is not in the directory"

    def __str__(self) -> str:
        return f"{self.kind} {shown(self.name)} {self.reason}"


@attrs.define(slots=False, eq=False)
class ReusedKeyError(InputError):
    """An idempotency key stands for one batch; this one has another content."""

    key: str

    def __str__(self) -> str:
        return f"idempotency key {shown(self.key)} was used for a batch with another content"


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


@attrs.define(slots=False, eq=False)
class WrongMonthError(UpstreamServiceError):
    """Usage is not in the month it was meant for, or would not be: nothing more may be sent.

    Old servers know no dates and book everything into their current month.
    """


@attrs.define(slots=False, eq=False)
class StoreUnavailableError(UpstreamServiceError):
    """The store of usage events cannot be reached, or broke off. Asking again later helps."""


@attrs.define(slots=False, eq=False)
class OutdatedStoreError(CscsError):
    """The store's tables are not those of this version. `remedy` is the command that mends it."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}; run: {self.remedy}"


@attrs.define(slots=False, eq=False)
class DocumentsBusyError(CscsError):
    """Another process writes documents to the same place. Asking again later helps."""

    place: str
    holder: str

    def __str__(self) -> str:
        return f"documents in {self.place} are being written by {self.holder}"


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
