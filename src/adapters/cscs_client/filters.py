"""Which rows to ask for, and how the wire spells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.states import ResourceState, Status


class Filters(TypedDict, total=False):
    """What rows must be; they combine with AND. `status` and `state` may also be given as text."""

    storage_system: str | None
    data_type: str | None
    status: Status | str | None
    state: ResourceState | str | None


def row_filter(wanted: Filters) -> RowFilter:
    """The filter as a value. Raises `InvalidValueError` for a word that is none, and `TypeError`
    for a filter that is none: left unsaid, it would let every row through.
    """
    if unknown := wanted.keys() - Filters.__annotations__.keys():
        raise TypeError(f"no such filter: {', '.join(sorted(unknown))}")
    status, state = wanted.get("status"), wanted.get("state")
    return RowFilter(
        storage_system=wanted.get("storage_system"),
        data_type=wanted.get("data_type"),
        status=None if status is None else _status(status),
        state=None if state is None else _state(state),
    )


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        known = ", ".join(Status)
        raise InvalidValueError("status", shown(text), f"is none of {known}") from None


def _state(text: str) -> ResourceState:
    try:
        return ResourceState(text)
    except ValueError:
        known = ", ".join(ResourceState)
        raise InvalidValueError("state", shown(text), f"is none of {known}") from None


def filter_params(wanted: RowFilter) -> Iterator[tuple[str, str]]:
    """The query parameters of a filter."""
    for name, value in attrs.asdict(wanted).items():
        if value is not None:
            yield name, str(value)
