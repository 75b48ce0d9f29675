"""The listed rows as a tree again: tenants, their customers, and the directories below.

Documented item ids repeat (a tenant has the same in all its data types), so a parent is looked for
by its id within one storage system and data type, and among several of one id by its path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.rows import ListedRow, StorageRow

_PARENT_OF: Final = {
    TargetType.CUSTOMER: TargetType.TENANT,
    TargetType.PROJECT: TargetType.CUSTOMER,
    TargetType.USER: TargetType.CUSTOMER,
}
_Place: TypeAlias = tuple[TargetType, UUID, UUID, UUID]


@attrs.define(eq=False)
class Node:
    """A row with the rows below it; one that does not match only carries its children."""

    listed: ListedRow
    matches: bool
    children: list[Node] = attrs.field(factory=list)


def make_forest(listed: Iterable[ListedRow], wanted: RowFilter) -> list[Node]:
    """The rows that match and the parents above them, as trees in the order of the list.

    A row whose parent is not in the list stands at the top.
    """
    nodes = [Node(one, wanted.matches(one.facts)) for one in listed]
    parents: dict[_Place, list[Node]] = defaultdict(list)
    for node in nodes:
        row = node.listed.row
        parents[_place(row, row.target_type, row.item_id)].append(node)
    roots: list[Node] = []
    for node in nodes:
        parent = _parent(node, parents)
        (roots if parent is None else parent.children).append(node)
    return _needed(roots)


def _place(row: StorageRow, target_type: TargetType, item_id: UUID) -> _Place:
    return target_type, item_id, row.system.item_id, row.data_type.item_id


def _parent(node: Node, parents: dict[_Place, list[Node]]) -> Node | None:
    row = node.listed.row
    level = _PARENT_OF.get(row.target_type)
    if level is None or row.parent_item_id is None:
        return None
    candidates = parents.get(_place(row, level, row.parent_item_id), [])
    above = (c for c in candidates if row.mount_point.is_below(c.listed.row.mount_point))
    return next(above, candidates[0] if candidates else None)


def _needed(nodes: list[Node]) -> list[Node]:
    """Drop the nodes that neither match nor carry one that does."""
    for node in nodes:
        node.children = _needed(node.children)
    return [node for node in nodes if node.matches or node.children]
