"""JSON that is kept as it came: `context` and `extra` of an event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import isfinite
from typing import Final

import attrs

from cscs_domain._text import label
from cscs_domain.events.bounds import DEEPEST, MOST_CHARACTERS, MOST_VALUES
from cscs_domain.events.field_errors import Faults
from cscs_domain.events.field_rules import UNKEPT, can_be_kept

_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1
"""64 bits with a sign or without: what JSON libraries read back as whole numbers."""


@attrs.define
class _Room:
    """How much more an object may hold."""

    characters: int = MOST_CHARACTERS
    values: int = MOST_VALUES


def is_storable(json: Mapping[str, object]) -> bool:
    """Whether every store can keep the object, and give it back as it was.

    It is not too large either: see `MOST_CHARACTERS` and `MOST_VALUES`.
    """
    room = _Room()
    return _is_object(json, DEEPEST, room) and room.characters >= 0


def _is_object(json: Mapping[str, object], levels: int, room: _Room) -> bool:
    try:
        # All keys at once, which is cheaper. Halves of a surrogate pair do not become a whole.
        keys = "".join(json)
    except TypeError:
        return False
    room.characters -= len(keys)
    return can_be_kept(keys) and _are_values(json.values(), len(json), levels - 1, room)


def _are_values(values: Iterable[object], count: int, levels: int, room: _Room) -> bool:
    room.values -= count
    if room.values < 0:
        return False
    for value in values:
        if isinstance(value, str):
            room.characters -= len(value)
            if not can_be_kept(value):
                return False
        elif isinstance(value, int):
            if not _SMALLEST <= value <= _LARGEST:
                return False
        elif value is not None and not _is_other(value, levels, room):
            return False
    return True


def _is_other(value: object, levels: int, room: _Room) -> bool:
    if isinstance(value, dict):
        return levels > 0 and _is_object(value, levels, room)
    if isinstance(value, list):
        return levels > 0 and _are_values(value, len(value), levels - 1, room)
    return isinstance(value, float) and isfinite(value)


def find_faults(json: Mapping[str, object], path: str, faults: Faults) -> None:
    """Add everything that `is_storable` minds, each with its path; of what is too large only that
    it is.
    """
    if reason := _size_fault(json):
        faults.add(path, reason)
    else:
        _find_in_object(json, path, DEEPEST, faults)


def _size_fault(json: Mapping[str, object]) -> str | None:
    """Level by level, as far as one may nest."""
    room, level = _Room(), list[object]([json])
    for _ in range(DEEPEST):
        inner: list[object] = []
        for value in level:
            if isinstance(value, Mapping):
                room.characters -= sum(len(key) for key in value if isinstance(key, str))
                items: Collection[object] = value.values()
            else:
                items = value if isinstance(value, list) else ()
            room.values -= len(items)
            if room.values < 0:
                return f"must not hold more than {MOST_VALUES} values"
            room.characters -= sum(len(item) for item in items if isinstance(item, str))
            inner += (item for item in items if isinstance(item, (dict, list)))
        level = inner
    if room.characters < 0:
        return f"must not hold more than {MOST_CHARACTERS} characters of text"
    return None


def _find_in_object(json: Mapping[str, object], path: str, levels: int, faults: Faults) -> None:
    for key, value in json.items():
        if not isinstance(key, str) or not can_be_kept(key):
            faults.add_value(path, "must have no keys but text that can be kept", key)
        _find_in_value(value, f"{path}.{label(key)}", levels - 1, faults)
        if faults.is_full:
            return


def _find_in_value(value: object, path: str, levels: int, faults: Faults) -> None:
    if isinstance(value, (dict, list)) and not levels:
        faults.add_value(path, f"must not be nested more than {DEEPEST} levels deep", value)
    elif isinstance(value, dict):
        _find_in_object(value, path, levels, faults)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _find_in_value(item, f"{path}.{position}", levels - 1, faults)
            if faults.is_full:
                return
    elif reason := _leaf_fault(value):
        faults.add_value(path, reason, value)


def _leaf_fault(value: object) -> str | None:
    match value:
        case str():
            return None if can_be_kept(value) else UNKEPT
        case int():
            return None if _SMALLEST <= value <= _LARGEST else "must be an integer of 64 bits"
        case float():
            return None if isfinite(value) else "must be a finite number"
        case None:
            return None
        case _:
            return "must be a JSON value"
