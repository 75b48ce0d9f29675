"""Paths that pass from one row to another, as when a resource is made anew under its old name.

Told row by row this is a removal and a creation, neither of which looks dangerous. But whoever
creates before removing deletes the directory of the new owner, and whoever finds the directory
there and keeps it gives the new owner the data of the old one.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.row_order import in_answer_order
from cscs_domain.storage.rows import StorageRow


@attrs.frozen(kw_only=True)
class Handover:
    """The rows that leave a path and those that come to it: at least one each, all at that path.

    Leaving rows are as they were before, coming rows as they are to be, in the order of the answer.
    """

    leaving: tuple[StorageRow, ...]
    coming: tuple[StorageRow, ...]

    @property
    def path(self) -> MountPath:
        """The path that passes on."""
        return self.leaving[0].mount_point


def handovers(leaving: Iterable[StorageRow], coming: Iterable[StorageRow]) -> tuple[Handover, ...]:
    """What passes on, in the order of the paths, if these rows leave their paths and those come.

    Paths alone count, as for shared paths: a directory is what its path says, whatever storage
    system or data type a row names.
    """
    left: dict[str, list[StorageRow]] = {}
    for row in leaving:
        left.setdefault(row.mount_point.text, []).append(row)
    taken: dict[str, list[StorageRow]] = {}
    for row in coming:
        path = row.mount_point.text
        if path in left:  # of a hundred thousand new rows, hardly any
            taken.setdefault(path, []).append(row)
    return tuple(
        Handover(leaving=in_answer_order(left[path]), coming=in_answer_order(taken[path]))
        for path in sorted(taken)
    )
