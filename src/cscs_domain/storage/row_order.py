"""Rows in the order of the answer, whatever order they came in. Source: DESIGN section 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from cscs_domain.quantities import normal
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.row_fields import READERS, FieldValue
from cscs_domain.storage.rows import StorageRow

Place: TypeAlias = tuple[int, str, int]
Content: TypeAlias = tuple[str, ...]

_T = TypeVar("_T")

LEVEL_OF: Final[Mapping[TargetType, int]] = MappingProxyType(
    {TargetType.TENANT: 0, TargetType.CUSTOMER: 1, TargetType.PROJECT: 2, TargetType.USER: 2}
)
"""Tenants come first, then customers, then the leaves."""


def in_answer_order(rows: Iterable[StorageRow]) -> tuple[StorageRow, ...]:
    """The rows by level, path and item id; those alike in all three by their content."""
    return tuple(in_order_of(rows, place_of, content_of))


def in_order_of(
    things: Iterable[_T], place: Callable[[_T], Place], content: Callable[[_T], Content]
) -> Iterator[_T]:
    """Sort by place. Content, which is slow to write down, is only asked for to break ties."""
    for _, alike in groupby(sorted(things, key=place), key=place):
        tied = list(alike)
        yield from tied if len(tied) == 1 else sorted(tied, key=content)


def place_of(row: StorageRow) -> Place:
    """Where a row belongs in the answer."""
    return LEVEL_OF[row.target_type], row.mount_point.text, row.item_id.int


def content_of(row: StorageRow) -> Content:
    """Everything about a row as text: the same for equal rows, and for no others."""
    return tuple([_text(read(row)) for read in READERS.values()])


def _text(value: FieldValue) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"={normal(value)}"  # 10 and 10.0 are equal, and must read alike
        case _:
            return f"={value}"
