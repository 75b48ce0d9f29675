"""Waldur's states and the status that a provisioner sees, as total tables.

Sources: spec 004 sections 8.1 and 8.6, Waldur contract sections 3 and 4. A state that this version
does not know is carried as UNKNOWN; it never turns into a known one, least of all into `pending`,
which would tell a provisioner to create the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Word(StrEnum):
    """A word of the wire. Hashes as the text that it is, which is much faster than as an enum."""

    __hash__ = str.__hash__


class ResourceState(Word):
    """The state of a Waldur resource, spelled as Waldur spells it."""

    CREATING = "Creating"
    OK = "OK"
    UPDATING = "Updating"
    TERMINATING = "Terminating"
    TERMINATED = "Terminated"
    ERRED = "Erred"
    UNKNOWN = "unknown"


class OrderState(Word):
    """The state of a Waldur order."""

    PENDING_CONSUMER = "pending-consumer"
    PENDING_PROVIDER = "pending-provider"
    PENDING_PROJECT = "pending-project"
    PENDING_START_DATE = "pending-start-date"
    EXECUTING = "executing"
    DONE = "done"
    ERRED = "erred"
    CANCELED = "canceled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Nothing more will happen to an order in this state."""
        return self in _FINAL


class OrderType(Word):
    """What an order asks for."""

    CREATE = "Create"
    UPDATE = "Update"
    TERMINATE = "Terminate"
    RESTORE = "Restore"
    UNKNOWN = "unknown"


class Status(Word):
    """What a provisioner is to know or do about a row."""

    PENDING = "pending"
    ACTIVE = "active"
    UPDATING = "updating"
    REMOVING = "removing"
    REMOVED = "removed"
    ERROR = "error"
    UNKNOWN = "unknown"


_FINAL: Final = frozenset(
    {OrderState.DONE, OrderState.ERRED, OrderState.CANCELED, OrderState.REJECTED}
)

STATUS_OF: Final[Mapping[ResourceState, Status]] = MappingProxyType(
    {
        ResourceState.CREATING: Status.PENDING,
        ResourceState.OK: Status.ACTIVE,
        ResourceState.UPDATING: Status.UPDATING,
        ResourceState.TERMINATING: Status.REMOVING,
        ResourceState.TERMINATED: Status.REMOVED,
        ResourceState.ERRED: Status.ERROR,
        ResourceState.UNKNOWN: Status.UNKNOWN,
    }
)


def shown_state(state: ResourceState, order: OrderState | None) -> ResourceState:
    """The state to act upon: a change that the consumer has not approved yet is no change."""
    if order is OrderState.PENDING_CONSUMER and state in _CHANGING:
        return ResourceState.OK
    return state


_CHANGING: Final = frozenset({ResourceState.UPDATING, ResourceState.TERMINATING})


def status_of(state: ResourceState, order: OrderState | None = None) -> Status:
    """The status of a resource in this state whose order in progress, if any, is in that one.

    >>> status_of(ResourceState.TERMINATING, OrderState.PENDING_CONSUMER)
    <Status.ACTIVE: 'active'>
    """
    return STATUS_OF[shown_state(state, order)]
