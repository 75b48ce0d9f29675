"""The query of a storage request: read strictly, every mistake at once. Source: DESIGN section 4.

Mistakes have the form of spec 001's error examples, so that callers of older versions can go on
reading them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import attrs

from cscs_domain.storage.filters import (
    DEFAULT_PAGE_SIZE,
    LARGEST_PAGE_SIZE,
    PageRequest,
    RowFilter,
)
from cscs_domain.storage.states import ResourceState, Status

Detail: TypeAlias = dict[str, object]

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
_STATES: Final = {s.value: s for s in ResourceState if s is not ResourceState.UNKNOWN}
_STATUSES: Final = {s.value: s for s in Status}
_BOOLEANS: Final = {"true": True, "false": False}
_MOST_FIELDS: Final = 100
_MOST_ECHOED: Final = 200
_LONGEST_DATA_TYPE: Final = 255
_WHOLE: Final = re.compile("[0-9]{1,18}")
_UNPRINTABLE: Final = re.compile(r"[^A-Za-z0-9_.\-]")
_T = TypeVar("_T")


class QueryError(Exception):
    """The query cannot be answered; `details` is the 422 body's list."""

    def __init__(self, details: Iterable[Detail]) -> None:
        self.details = list(details)
        super().__init__(self.details)


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
    try:
        pairs = parse_qsl(
            query.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise QueryError([_too_many()]) from None
    return _Reader(dict(pairs)).read(tuple(systems))


class _Reader:
    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._mistakes: list[Detail] = []

    def read(self, systems: tuple[str, ...]) -> StorageQuery:
        system = self._one_of("storage_system", {name: name for name in systems})
        data_type = self._text("data_type", longest=_LONGEST_DATA_TYPE)
        status = self._one_of("status", _STATUSES)
        state = self._one_of("state", _STATES)
        number = self._whole("page", 1, None)
        size = self._whole("page_size", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
        debug = self._one_of("debug", _BOOLEANS)
        snapshot = self._text("snapshot")
        if self._mistakes:
            raise QueryError(self._mistakes)
        return StorageQuery(
            filter=RowFilter(
                storage_system=system, data_type=data_type, status=status, state=state
            ),
            page=PageRequest(number, size),
            debug=bool(debug),
            snapshot=snapshot,
            unknown=tuple(_printable(name) for name in self._given if name not in _KNOWN),
        )

    def _text(self, name: str, *, longest: int | None = None) -> str | None:
        value = self._given.get(name)
        if value and longest and len(value) > longest:
            message = f"{name} is longer than {longest} characters."
            self._refuse(name, value, message, {"help": _leave_out(name)})
            return None
        if value == "":
            self._refuse(name, value, f"{name} cannot be empty.", {"help": _leave_out(name)})
            return None
        return value

    def _one_of(self, name: str, allowed: Mapping[str, _T]) -> _T | None:
        value = self._given.get(name)
        if value is None or value in allowed:
            return None if value is None else allowed[value]
        words = list(allowed)
        if value:
            uses = " or ".join(f"?{name}={word}" for word in words)
            message, help_ = f"Invalid {name} value.", f"Use: {uses}"
        else:
            message = f"{name} cannot be empty."
            help_ = f"Use ?{name}={words[0] if words else '...'} (not just ?{name}=)"
        self._refuse(name, value, message, {"allowed_values": words, "help": help_})
        return None

    def _whole(self, name: str, default: int, largest: int | None) -> int:
        value = self._given.get(name)
        if value is None:
            return default
        number = int(value) if _WHOLE.fullmatch(value) else 0
        if number >= 1 and (largest is None or number <= largest):
            return number
        bounds = f"from 1 to {largest}" if largest else "of 1 or more"
        limits: Detail = {"ge": 1} if largest is None else {"ge": 1, "le": largest}
        self._mistakes.append(
            _detail(
                "int_range",
                name,
                f"{name} must be a whole number {bounds}.",
                value,
                limits | {"help": f"Use ?{name}={default}"},
            )
        )
        return default

    def _refuse(self, name: str, value: str, message: str, ctx: Detail) -> None:
        self._mistakes.append(_detail("enum_validation", name, message, value, ctx))


def _detail(kind: str, name: str, message: str, value: str, ctx: Detail) -> Detail:
    return {
        "type": kind,
        "loc": ["query", name],
        "msg": message,
        "input": value[:_MOST_ECHOED],
        "ctx": ctx,
    }


def _leave_out(name: str) -> str:
    return f"Leave {name} out, or give it a value (not just ?{name}=)"


def _too_many() -> Detail:
    return {
        "type": "int_range",
        "loc": ["query"],
        "msg": f"More than {_MOST_FIELDS} parameters.",
        "input": None,
        "ctx": {"le": _MOST_FIELDS, "help": f"Known parameters: {', '.join(_KNOWN)}"},
    }


def _printable(name: str) -> str:
    """Fit for a header: no quotes, controls or line ends, and not long."""
    return _UNPRINTABLE.sub("?", name[:40])
