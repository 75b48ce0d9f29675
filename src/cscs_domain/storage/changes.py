"""What has to change for one set of rows to become another: shown before anything is done.

Neither set need be an answer of this library. `observed` may be an earlier document, or a state
that was measured: then a difference of quotas is their drift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.handovers import Handover, handovers
from cscs_domain.storage.row_fields import DANGEROUS_FIELDS, READERS, FieldValue, RowField
from cscs_domain.storage.row_order import (
    Content,
    Place,
    content_of,
    in_answer_order,
    in_order_of,
    place_of,
)
from cscs_domain.storage.row_pairs import pair_rows
from cscs_domain.storage.rows import StorageRow

__all__ = [
    "Changes",
    "FieldChange",
    "Handover",
    "RowChange",
    "RowField",
    "apply_changes",
    "changes",
]


@attrs.frozen
class FieldChange:
    """One field of a row that differs: what it was and what it is to be."""

    field: RowField
    old: FieldValue
    new: FieldValue

    @property
    def is_dangerous(self) -> bool:
        """Whether it says that existing data lies elsewhere or belongs to others."""
        return self.field in DANGEROUS_FIELDS


@attrs.frozen
class RowChange:
    """One row before and after."""

    before: StorageRow
    after: StorageRow

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """All that differs, the most telling first; empty exactly if the two rows are equal."""
        return tuple(self._differing(RowField))

    @property
    def is_dangerous(self) -> bool:
        """Whether the row's path, GID or UID changes: following it blindly can cost data.

        A directory that was a project's and becomes a user's has a UID where there was none.
        """
        return any(self._differing(DANGEROUS_FIELDS))

    @property
    def is_move(self) -> bool:
        """Whether the row leaves one path for another."""
        return self.before.mount_point != self.after.mount_point

    def _differing(self, fields: Iterable[RowField]) -> Iterable[FieldChange]:
        for field in fields:
            read = READERS[field]
            old, new = read(self.before), read(self.after)
            if old != new:
                yield FieldChange(field, old, new)


@attrs.frozen(kw_only=True)
class Changes:
    """Rows created, removed and changed, each in the order of the answer. All others stay."""

    created: tuple[StorageRow, ...] = ()
    removed: tuple[StorageRow, ...] = ()
    changed: tuple[RowChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both sets hold the same rows."""
        return not (self.created or self.removed or self.changed)

    @property
    def dangerous(self) -> tuple[RowChange, ...]:
        """The changes of existing rows that somebody should look at first.

        `handed_over` is as dangerous, also where no existing row changes.
        """
        return tuple(change for change in self.changed if change.is_dangerous)

    @property
    def handed_over(self) -> tuple[Handover, ...]:
        """The paths that some rows leave and others come to, in the order of the paths.

        A row leaves its path by being removed or by moving, and comes to one by being created or
        by moving. Whoever follows such changes has to free the path before it is filled again.
        """
        moves = [change for change in self.changed if change.is_move]
        return handovers(
            chain(self.removed, (move.before for move in moves)),
            chain(self.created, (move.after for move in moves)),
        )


def changes(observed: Iterable[StorageRow], desired: Iterable[StorageRow]) -> Changes:
    """What turns the observed rows into the desired ones, whatever order either comes in.

    A row that has only moved (another path; for a project's or user's row also another storage
    system or data type) is one change, not a removal and a creation, unless several rows could be
    meant. Rows that occur several times are counted. Never raises.
    """
    found = pair_rows(observed, desired)
    return Changes(
        created=in_answer_order(found.only_after),
        removed=in_answer_order(found.only_before),
        changed=tuple(
            in_order_of(
                (RowChange(*pair) for pair in found.pairs), _place_of_change, _content_of_change
            )
        ),
    )


def _place_of_change(change: RowChange) -> Place:
    return place_of(change.after)


def _content_of_change(change: RowChange) -> Content:
    return content_of(change.after) + content_of(change.before)


def apply_changes(rows: Iterable[StorageRow], made: Changes) -> tuple[StorageRow, ...]:
    """The rows with the changes made, in the order of the answer.

    Raises `InvalidValueError` if a row that is to be removed or changed is not among them as it
    was when the changes were found.
    """
    awaited = Counter([*made.removed, *(change.before for change in made.changed)])
    ids = {row.item_id for row in awaited}
    staying: list[StorageRow] = []
    for row in rows:
        # Hashing a whole row is slow, and few rows change.
        if row.item_id in ids and awaited[row]:
            awaited[row] -= 1
        else:
            staying.append(row)
    if missing := in_answer_order(awaited.elements()):
        raise _do_not_fit(missing)
    after = (change.after for change in made.changed)
    return in_answer_order([*staying, *after, *made.created])


def _do_not_fit(missing: tuple[StorageRow, ...]) -> InvalidValueError:
    others = f" (nor are {len(missing) - 1} more)" if len(missing) > 1 else ""
    return InvalidValueError(
        "changed or removed row",
        shown(missing[0].mount_point.text),
        f"is not among the rows as the changes expect it{others}: find the changes anew",
    )
