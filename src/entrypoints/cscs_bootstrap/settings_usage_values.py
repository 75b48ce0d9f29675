"""Parsers of the section `usage`: offerings, days of grace, paths of backend ids."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cscs_bootstrap.settings_scalars import number, scalar, text
from cscs_bootstrap.settings_tables import each, segment, structured, table_of
from cscs_bootstrap.settings_values import Items, Scalar, Value, refuse

MOST_GRACE_DAYS: Final = 28
"""The days that every month has."""

_OFFERINGS_HINT: Final = "Write a list; in a variable slug,slug or a JSON list."
_PATHS_HINT: Final = "Write a mapping of backend ids to absolute paths; in a variable as JSON."


def days_of_grace(value: Value) -> int:
    """A whole number of days that fits into every month."""
    found = number(value)
    if found != found.to_integral_value() or found > MOST_GRACE_DAYS:
        raise refuse(f"must be a whole number from 0 to {MOST_GRACE_DAYS}, not {found}.")
    return int(found)


def offerings(value: Value) -> tuple[str, ...]:
    """Slugs or uuids as they were written; each once. One of them needs no list."""
    found = structured(value)
    if isinstance(found, Scalar):
        items: tuple[Value, ...] = tuple(
            Scalar(part, found.origin) for part in scalar(found).text.split(",")
        )
    elif isinstance(found, Items):
        items = found.items
    else:
        raise refuse("must be a list of slugs or uuids.", _OFFERINGS_HINT)
    return tuple(dict.fromkeys(_offering(item) for item in items))


def _offering(item: Value) -> str:
    if scalar(item).is_blank:
        raise refuse("holds an empty entry.", _OFFERINGS_HINT)
    return segment(item)


def path_mapping(value: Value) -> Mapping[str, str]:
    """Backend ids to absolute paths."""
    return MappingProxyType(each(table_of(value, _PATHS_HINT), _absolute_path, text_key))


def text_key(name: str) -> str:
    """A name that is written under: any text that can be printed."""
    if not name.strip() or not name.isprintable():
        raise refuse("has an empty name or one that cannot be printed.")
    return name.strip()


def _absolute_path(value: Value) -> str:
    found = text(value)
    if not found.startswith("/"):
        # The warehouse has nothing under it, and nothing would be reported as zero.
        raise refuse("must be an absolute path.", "Write for instance /capstor/store/cscs/p1.")
    return found
