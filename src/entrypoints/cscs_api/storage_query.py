"""The query of a storage request. Source: DESIGN section 4."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from cscs_api.query_reader import QueryReader
from cscs_domain.storage.filters import (
    DEFAULT_PAGE_SIZE,
    LARGEST_PAGE_SIZE,
    PageRequest,
    RowFilter,
)
from cscs_domain.storage.states import ResourceState, Status

_KNOWN: Final = (
    "storage_system",
    "data_type",
    "status",
    "state",
    "page",
    "page_size",
    "debug",
    "snapshot",
)
STATES: Final = {s.value: s for s in ResourceState if s is not ResourceState.UNKNOWN}
STATUSES: Final = {s.value: s for s in Status}
LONGEST_DATA_TYPE: Final = 255
_BOOLEANS: Final = {"true": True, "false": False}


@attrs.frozen(kw_only=True)
class StorageQuery:
    """What a caller asks for. `unknown` are parameters that were passed over."""

    filter: RowFilter
    page: PageRequest
    debug: bool = False
    snapshot: str | None = None
    unknown: tuple[str, ...] = ()


def parse_query(query: bytes, systems: Iterable[str]) -> StorageQuery:
    """Read a query string; raises `QueryError` with every mistake. The last of repeats counts."""
    reader = QueryReader(query, _KNOWN)
    system = reader.one_of("storage_system", {name: name for name in systems})
    data_type = reader.text("data_type", longest=LONGEST_DATA_TYPE)
    status = reader.one_of("status", STATUSES)
    state = reader.one_of("state", STATES)
    number = reader.whole("page", 1, None)
    size = reader.whole("page_size", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    debug = reader.one_of("debug", _BOOLEANS)
    snapshot = reader.text("snapshot")
    reader.finish()
    return StorageQuery(
        filter=RowFilter(storage_system=system, data_type=data_type, status=status, state=state),
        page=PageRequest(number, size),
        debug=bool(debug),
        snapshot=snapshot,
        unknown=reader.unknown,
    )
