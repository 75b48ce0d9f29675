"""The filters of `cscs storage show`: the same words as the API's, spelled the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, TypeVar

import attrs
from cyclopts import Parameter

from cscs_cli.failures import UsageError
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.states import ResourceState, Status

_STATES: Final = {s.value: s for s in ResourceState if s is not ResourceState.UNKNOWN}
_STATUSES: Final = {s.value: s for s in Status}
_T = TypeVar("_T")


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class FilterOptions:
    """Which rows to show, as typed; everything that is given must hold."""

    storage_system: Annotated[
        str | None, Parameter(metavar="NAME", help="Only rows of this storage system.")
    ] = None
    data_type: Annotated[
        str | None, Parameter(metavar="TYPE", help="Only rows of this data type, such as store.")
    ] = None
    status: Annotated[
        str | None,
        Parameter(metavar="STATUS", help=f"Only of this status: {', '.join(_STATUSES)}."),
    ] = None
    state: Annotated[
        str | None,
        Parameter(metavar="STATE", help=f"Only of this Waldur state: {', '.join(_STATES)}."),
    ] = None
    include_terminated: Annotated[bool, Parameter(help="Read terminated resources as well.")] = (
        False
    )


NO_FILTERS: Final = FilterOptions()


def row_filter(options: FilterOptions, systems: Iterable[str]) -> RowFilter:
    """What a row must be. Raises `UsageError` that lists what is allowed.

    Data types are the sites' own words: one that nobody uses matches nothing.
    """
    data_type = options.data_type
    if data_type is not None and not data_type.strip():
        raise UsageError("--data-type is empty: leave it out, or give a data type such as store.")
    names = {name: name for name in systems}
    return RowFilter(
        storage_system=_one_of("--storage-system", options.storage_system, names),
        data_type=data_type,
        status=_one_of("--status", options.status, _STATUSES),
        state=_one_of("--state", options.state, _STATES),
    )


def _one_of(option: str, value: str | None, allowed: Mapping[str, _T]) -> _T | None:
    if value is None:
        return None
    if value not in allowed:
        raise UsageError(f"{option} {value!r} is not known; use one of: {', '.join(allowed)}.")
    return allowed[value]
