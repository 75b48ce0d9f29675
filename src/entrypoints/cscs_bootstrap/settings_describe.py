"""The effective configuration for people (`cscs config check`) and for programs, secrets masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

import attrs

from cscs_bootstrap.settings_fields import Branch, outline
from cscs_bootstrap.settings_load import LoadedSettings
from cscs_bootstrap.settings_model import Settings
from cscs_bootstrap.settings_urls import without_query
from cscs_bootstrap.settings_values import Origin
from cscs_domain.usage.components import Component

Plain: TypeAlias = bool | int | str | list["Plain"] | dict[str, "Plain"] | None
"""What JSON can hold. Exact numbers and durations (in seconds) are text, so they stay exact."""


@attrs.frozen(kw_only=True)
class Row:
    """One setting as it is in effect."""

    key: str
    variable: str
    value: Plain
    origin: Origin
    unit: str = ""


def describe(loaded: LoadedSettings) -> list[Row]:
    """Return a row for every setting, in the order of the documents' tables."""
    root = outline(Settings)
    values = _values(root, loaded.settings)
    return [
        Row(
            key=leaf.key,
            variable=leaf.variable,
            value=plain(values[leaf.key]),
            origin=loaded.origins[leaf.key],
            unit=leaf.info.unit,
        )
        for leaf in root.leaves()
    ]


def as_text(rows: list[Row]) -> str:
    """Lay rows out in three columns: key, value with its unit, origin."""
    cells = [(row.key, _shown(row), str(row.origin)) for row in rows]
    widths = [max((len(cell[column]) for cell in cells), default=0) for column in (0, 1)]
    return "".join(
        f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}\n" for key, value, origin in cells
    )


def as_json(rows: list[Row]) -> list[Plain]:
    """Return the rows as what JSON can hold."""
    return [
        {
            "key": row.key,
            "variable": row.variable,
            "value": row.value,
            "unit": row.unit or None,
            "origin": _origin(row.origin),
        }
        for row in rows
    ]


def plain(value: object) -> Plain:
    """Reduce a setting to what JSON can hold; secrets and queries of URLs become a mask."""
    match value:
        case None | bool() | int():
            return value
        case timedelta():
            return plain(Decimal(value // timedelta(microseconds=1)) / 1_000_000)
        case Decimal():
            return f"{value:f}"
        case Mapping() | Component():
            return {str(name): plain(item) for name, item in _entries(value)}
        case tuple():
            return [plain(item) for item in value]
        case _:
            return without_query(str(value))


def _entries(value: Mapping[object, object] | Component) -> Iterator[tuple[object, object]]:
    """What a mapping holds, or what differs from the defaults in a component under its name."""
    if isinstance(value, Component):
        usual = attrs.asdict(Component(name=value.name), recurse=False)
        said = attrs.asdict(value, recurse=False)
        yield from ((name, item) for name, item in said.items() if item != usual[name])
    else:
        yield from value.items()


def _values(branch: Branch, settings: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, child in branch.children.items():
        value: object = getattr(settings, name)
        found |= _values(child, value) if isinstance(child, Branch) else {child.key: value}
    return found


def _shown(row: Row) -> str:
    value = row.value if isinstance(row.value, str) else json.dumps(row.value)
    return f"{value} {row.unit}" if row.unit and row.value is not None else value


def _origin(origin: Origin) -> dict[str, Plain]:
    return {"source": origin.source.value, "name": origin.name or None, "line": origin.line}
