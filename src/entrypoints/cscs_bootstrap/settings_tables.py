"""Parsers of settings with parts: storage systems, storage roots, lists of paths.

A table is judged entry by entry, so that one look at the answer is enough to mend all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cscs_bootstrap.settings_json import json_value
from cscs_bootstrap.settings_scalars import scalar, text
from cscs_bootstrap.settings_values import (
    Items,
    Origin,
    Reason,
    Refused,
    Repeat,
    Scalar,
    Table,
    Value,
    kind_of,
    refuse,
)
from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.mount_points import MountPath, check_segment

NO_TABLE: Final[Mapping[str, str]] = MappingProxyType({})
NO_ROOTS: Final[Mapping[str, tuple[MountPath, ...]]] = MappingProxyType({})
_SYSTEMS_HINT: Final = (
    'Write a mapping of names to offering slugs; in a variable {"capstor": "slug"} '
    "or capstor=slug,vast=slug."
)

T = TypeVar("T")


def storage_systems(value: Value) -> Mapping[str, str]:
    """Names to offering slugs: safe path segments on both sides, every slug once."""
    table = _pairs(value) if isinstance(value, Scalar) else table_of(value, _SYSTEMS_HINT)
    if not table.entries:
        raise refuse("must name at least one storage system.", _SYSTEMS_HINT)
    found = each(table, lambda item: _segment(text(_filled(item))))
    if shared := tuple(_shared_slugs(table, found)):
        raise Refused(*shared)
    return MappingProxyType(found)


def _shared_slugs(table: Table, systems: Mapping[str, str]) -> Iterator[Reason]:
    names: dict[str, str] = {}
    for name, slug in systems.items():
        if (first := names.setdefault(slug, name)) != name:
            reason = f"has the same offering, {shown(slug)}, as {shown(first)}."
            yield Reason(reason, "Remove one.", name, table.entries[name].origin)


def storage_roots(value: Value) -> Mapping[str, tuple[MountPath, ...]]:
    """System names to the absolute, normalised paths that their directories may lie under."""
    return MappingProxyType(each(table_of(value), lambda item: _list(item, _mount_path)))


def paths(value: Value) -> tuple[Path, ...]:
    """One path or a list of them, absolute; relative ones start at the place they are written in.

    That is the folder of the YAML file, or the working directory for a variable.
    """
    return _list(value, path)


def path(value: Value) -> Path:
    """One path, made absolute as in `paths`."""
    return value.origin.folder / text(value)


def repeats(table: Table) -> Iterator[Reason]:
    """Yield a reason for every key that stands twice in a table."""
    for repeat in table.repeats:
        yield Reason(_twice(repeat), "Keep one of them.", repeat.key, repeat.again)


def _twice(repeat: Repeat) -> str:
    if repeat.first == repeat.again:
        return "is given twice."
    return f"is given twice, first at {repeat.first}."


def structured(value: Value) -> Value:
    """Open JSON that a variable holds; anything else is returned as it is."""
    if isinstance(value, Scalar) and value.text.strip()[:1] in ("{", "["):
        return json_value(value.text.strip(), value.origin)
    return value


def table_of(value: Value, hint: str = "") -> Table:
    """A mapping, which a variable holds as JSON."""
    found = structured(value)
    if not isinstance(found, Table):
        raise refuse(f"must be a mapping, not {kind_of(found)}.", hint)
    return found


def _pairs(value: Scalar) -> Table:
    """`name=slug,name=slug`, or JSON, out of one text."""
    if value.text.strip()[:1] == "{":
        return table_of(value)
    entries: dict[str, Value] = {}
    again = []
    for pair in value.text.split(","):
        name, equals, slug = pair.partition("=")
        if not equals:
            raise refuse(f"holds {shown(pair.strip())}, which is not name=slug.", _SYSTEMS_HINT)
        if name.strip() in entries:
            again.append(Repeat(name.strip(), value.origin, value.origin))
        entries[name.strip()] = Scalar(slug.strip(), value.origin)
    return Table(entries, value.origin, tuple(again))


def each(
    table: Table, parse: Callable[[Value], T], name_of: Callable[[str], str] | None = None
) -> dict[str, T]:
    """Parse every entry, or refuse with all reasons.

    Without `name_of`, names are those that can be part of a path.
    """
    checked = name_of or _segment
    found: dict[str, T] = {}
    reasons = list(repeats(table))
    for name, item in table.entries.items():
        try:
            found[checked(name)] = parse(item)
        except Refused as refused:
            reasons += (_inside(reason, name, item.origin) for reason in refused.reasons)
    if reasons:
        raise Refused(*reasons)
    return found


def _inside(reason: Reason, name: str, origin: Origin) -> Reason:
    return Reason(reason.text, reason.hint, name, reason.origin or origin)


def _list(value: Value, parse: Callable[[Value], T]) -> tuple[T, ...]:
    found = structured(value)
    if isinstance(found, Items):
        return tuple(parse(_filled(item)) for item in found.items)
    return (parse(_filled(found)),)


def _filled(value: Value) -> Value:
    if scalar(value).is_blank:
        raise refuse("holds an empty entry.")
    return value


def segment(value: Value) -> str:
    """A name that can be part of a path."""
    return _segment(text(value))


def _segment(name: str) -> str:
    try:
        return check_segment(name)
    except InvalidValueError as error:
        raise refuse(f"has the name {error.value}, which {error.reason}.") from None


def _mount_path(value: Value) -> MountPath:
    try:
        return MountPath(text(value))
    except InvalidValueError as error:
        raise refuse(f"holds {error.value}, which {error.reason}.") from None
