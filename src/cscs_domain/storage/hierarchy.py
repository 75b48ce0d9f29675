"""The tenant → customer → project tree out of resources. Sources: spec 004 section 5.1, DESIGN 3.

The result depends neither on the order of the resources nor on how they were paged, and a
resource that cannot be served changes nothing about the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from cscs_domain.identities import Identities
from cscs_domain.problems import Problem, ProblemCode, Severity, by_urgency
from cscs_domain.storage.branch_paths import settle_branches
from cscs_domain.storage.branches import Branch, BranchKey
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.placement import Placed, Placer
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.row_builder import RowBuilder
from cscs_domain.storage.rows import ListedRow, StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow

_MOST_NAMED: Final = 4


@attrs.frozen
class Hierarchy:
    """All rows (tenants, then customers, then projects and users, each by path) and all problems."""

    listed: tuple[ListedRow, ...]
    problems: tuple[Problem, ...] = ()

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
    intake = Intake(policy.offering_slugs, include_terminated)
    intake.take(rows)
    draft = HierarchyDraft(policy, identities)
    draft.place(intake.resources)
    listed = tuple(draft.settle())
    return Hierarchy(listed, in_order([*intake.problems, *draft.problems]))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, the most urgent first."""
    return tuple(sorted(set(problems), key=by_urgency))


class HierarchyDraft:
    """A tree being built step by step, for callers that must yield between the steps.

    Call `place` with any portions of the resources, then run through `settle` once, then read
    `problems`.
    """

    def __init__(self, policy: StoragePolicy, identities: Identities) -> None:
        self._policy = policy
        self._placer = Placer(policy, identities)
        self._builder = RowBuilder(policy)
        self._settled: list[Problem] = []

    def place(self, resources: Iterable[Resource]) -> None:
        """Give a portion of the resources their places."""
        for resource in resources:
            self._placer.place(resource)

    def settle(self) -> Iterator[ListedRow]:
        """Yield all rows in the answer's order."""
        branches = self._placer.branches
        self._settled = settle_branches(branches)
        leaves = self._placer.placed
        leaves.sort(key=_leaf_order)
        levels: tuple[list[Branch], ...] = ()
        if self._policy.mapping.with_parents:
            levels = (self._ordered(branches.tenants), self._ordered(branches.customers))
        self._settled += self._shared_paths([branch for level in levels for branch in level])
        for level in levels:
            yield from map(self._builder.branch, level)
        yield from map(self._builder.leaf, leaves)

    def _ordered(self, level: dict[BranchKey, Branch]) -> list[Branch]:
        scheme = self._policy.item_ids
        return sorted(
            level.values(),
            key=lambda branch: (branch.path.text, branch.item_id(scheme).int, branch.key),
        )

    @property
    def problems(self) -> list[Problem]:
        """What was found so far; complete once `settle` has run through."""
        problems = [*self._placer.problems, *self._settled, *self._builder.problems]
        if waiting := self._builder.orders_without_callbacks:
            problems.append(_no_callbacks(waiting))
        return problems

    def _shared_paths(self, parents: list[Branch]) -> Iterator[Problem]:
        holders: dict[str, list[Branch | Placed]] = {}
        for branch in parents:
            holders.setdefault(branch.path.text, []).append(branch)
        for placed in self._placer.placed:
            holders.setdefault(placed.path.text, []).append(placed)
        for path, sharing in holders.items():
            if len(sharing) > 1:
                names = sorted(map(self._name, sharing))
                yield from (_shares(name, path, names) for name in names)

    def _name(self, holder: Branch | Placed) -> str:
        if isinstance(holder, Placed):
            return str(holder.resource.uuid)
        return str(holder.item_id(self._policy.item_ids))


def _leaf_order(placed: Placed) -> tuple[str, int]:
    return placed.path.text, placed.resource.uuid.int


def _shares(name: str, path: str, names: list[str]) -> Problem:
    others = [other for other in names if other != name]
    named = ", ".join(others[:_MOST_NAMED]) or "another row"
    if len(others) > _MOST_NAMED:
        named += f" and {len(others) - _MOST_NAMED} more"
    return Problem(
        ProblemCode.SHARED_PATH,
        Severity.WARNING,
        f"directory {path} is also that of {named}",
        "Quotas and permissions of these rows will overwrite each other.",
        resource=name,
    )


def _no_callbacks(waiting: int) -> Problem:
    return Problem(
        ProblemCode.CALLBACKS_UNAVAILABLE,
        Severity.WARNING,
        f"{waiting} order(s) are in progress, but it is not known where to report back",
        "Set callback_base_url (or waldur_api.api_url).",
    )
