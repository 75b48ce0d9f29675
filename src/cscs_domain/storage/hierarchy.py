"""The tenant → customer → project tree out of resources. Sources: spec 004 section 5.1, DESIGN 3.

The result depends neither on the order of the resources nor on how they were paged, and a
resource that cannot be served changes nothing about the others.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cscs_domain.identities import Identities
from cscs_domain.problems import Problem, by_urgency
from cscs_domain.storage.hierarchy_draft import HierarchyDraft
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.rows import ListedRow, OrderRow, StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow


@attrs.frozen
class Hierarchy:
    """All rows (tenants, customers, then projects and users, each by path) and all problems.

    `orders` are the orders in progress of these rows, and of resources that have no row.
    """

    # Not in the text: asyncio makes that of a command's whole result when it ends, several times.
    listed: tuple[ListedRow, ...] = attrs.field(repr=False)
    problems: tuple[Problem, ...] = ()
    orders: tuple[OrderRow, ...] = attrs.field(default=(), repr=False)

    @property
    def rows(self) -> tuple[StorageRow, ...]:
        """The rows alone."""
        return tuple(listed.row for listed in self.listed)


def build_hierarchy(
    rows: Iterable[WaldurRow],
    identities: Identities,
    policy: StoragePolicy,
    *,
    include_terminated: bool = True,
) -> Hierarchy:
    """Turn rows as Waldur sent them into the whole tree, without any port.

    Never raises for data: what is wrong with single rows is in `problems`.
    """
    intake = Intake(policy, include_terminated)
    intake.take(rows)
    draft = HierarchyDraft(policy, identities)
    draft.place(intake.resources)
    listed = tuple(map(ListedRow._make, draft.settle()))
    problems = in_order([*intake.problems, *draft.problems])
    return Hierarchy(listed, problems, draft.orders(listed))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, the most urgent first."""
    return tuple(sorted(set(problems), key=by_urgency))
