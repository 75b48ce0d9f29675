"""Which row of one set is which row of another.

A row is first looked for under its key. What finds no partner there may have moved: it is then
looked for under less than its key, and taken for the same row only if nothing else could be meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from cscs_domain.storage.row_order import LEVEL_OF, content_of
from cscs_domain.storage.rows import RowKey, StorageRow

Pair: TypeAlias = tuple[StorageRow, StorageRow]

_LEAVES: Final = max(LEVEL_OF.values())


@attrs.frozen
class Pairing:
    """Two sets of rows laid side by side, without the rows that are the same in both."""

    pairs: list[Pair]
    """The same row before and after, different."""
    only_before: list[StorageRow]
    only_after: list[StorageRow]


def pair_rows(before: Iterable[StorageRow], after: Iterable[StorageRow]) -> Pairing:
    """Find partners by key, then by the key without its path, then leaves by item id.

    Depends on no order. Both sets may hold several rows of one key; each counts.
    """
    pairing = _by_key(_grouped(before), _grouped(after))
    for identity in (_without_path, _leaf_id):
        pairing = _rejoined(pairing, identity)
    return pairing


def _grouped(rows: Iterable[StorageRow]) -> dict[RowKey, list[StorageRow]]:
    groups: dict[RowKey, list[StorageRow]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    return groups


def _by_key(
    before: dict[RowKey, list[StorageRow]], after: dict[RowKey, list[StorageRow]]
) -> Pairing:
    pairing = Pairing([], [], [])
    for key, old in before.items():
        new = after.pop(key, [])
        if old == new:  # nearly always, and much cheaper than looking closer
            continue
        left_old, left_new = _without_common(old, new)
        both = min(len(left_old), len(left_new))
        pairing.pairs.extend(zip(left_old[:both], left_new[:both], strict=True))
        pairing.only_before.extend(left_old[both:])
        pairing.only_after.extend(left_new[both:])
    for new in after.values():
        pairing.only_after.extend(new)
    return pairing


def _without_common(
    old: list[StorageRow], new: list[StorageRow]
) -> tuple[Sequence[StorageRow], Sequence[StorageRow]]:
    """What is left of two lists of one key, in an order that depends on content alone."""
    if not old or not new or len(old) == len(new) == 1:
        return old, new
    counts = Counter(old), Counter(new)
    common = counts[0] & counts[1]
    left_old, left_new = (sorted((count - common).elements(), key=content_of) for count in counts)
    return left_old, left_new


def _without_path(row: StorageRow) -> Hashable:
    return row.key._replace(path="")


def _leaf_id(row: StorageRow) -> Hashable:
    """None for parents: documented ids of those repeat where a customer has several data types."""
    return row.item_id if LEVEL_OF[row.target_type] == _LEAVES else None


def _rejoined(pairing: Pairing, identity: Callable[[StorageRow], Hashable]) -> Pairing:
    if not pairing.only_before or not pairing.only_after:
        return pairing
    old, new = _alone(pairing.only_before, identity), _alone(pairing.only_after, identity)
    moved = old.keys() & new.keys()
    return Pairing(
        pairing.pairs + [(old[each], new[each]) for each in moved],
        [row for row in pairing.only_before if identity(row) not in moved],
        [row for row in pairing.only_after if identity(row) not in moved],
    )


def _alone(
    rows: Sequence[StorageRow], identity: Callable[[StorageRow], Hashable]
) -> dict[Hashable, StorageRow]:
    """The rows of which there is no other with the same identity."""
    seen = Counter(map(identity, rows))
    return {each: row for row in rows if (each := identity(row)) is not None and seen[each] == 1}
