"""A tree being built step by step, for callers that must yield between the steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from cscs_domain.identities import Identities
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.branch_paths import settle_branches
from cscs_domain.storage.branches import Branch, BranchKey
from cscs_domain.storage.placement import Placed, Placer
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.resources import Order, Resource
from cscs_domain.storage.row_builder import RowBuilder
from cscs_domain.storage.rows import ListedRow, OrderRow, RowFacts, StorageRow
from cscs_domain.storage.shared_paths import shared_paths


class HierarchyDraft:
    """Call `place` with any portions of the resources, run through `settle`, read `problems`."""

    def __init__(self, policy: StoragePolicy, identities: Identities) -> None:
        self._policy = policy
        self._placer = Placer(policy, identities)
        self._builder = RowBuilder(policy)
        self._settled: list[Problem] = []

    def place(self, resources: Iterable[Resource]) -> None:
        """Take in a portion of the resources."""
        for resource in resources:
            self._placer.place(resource)

    def settle(self) -> Iterator[tuple[StorageRow, RowFacts]]:
        """Yield all rows in the answer's order: each level by path, then id."""
        branches, leaves = self._placer.branches, self._placer.placed
        parents: list[Branch] = []
        if self._policy.mapping.with_parents:  # else nobody will see what is doubtful about them
            self._settled = settle_branches(branches)
            parents = [*self._ordered(branches.tenants), *self._ordered(branches.customers)]
        leaves.sort(key=_leaf_order)
        self._settled += shared_paths(self._holders(parents))
        yield from map(self._builder.branch, parents)
        yield from map(self._builder.leaf, leaves)

    def orders(self, listed: Sequence[ListedRow]) -> tuple[OrderRow, ...]:
        """The orders in progress, given all that `settle` yielded.

        By the paths of their rows; then those without rows, by their own ids.
        """
        leaves = self._placer.placed
        rows = listed[len(listed) - len(leaves) :]
        found = [
            _order_row(placed.resource, order, one.row)
            for placed, one in zip(leaves, rows, strict=True)
            if (order := placed.resource.order)
        ]
        without_rows = [
            _order_row(resource, resource.order, None)
            for resource in self._placer.left_out
            if resource.order
        ]
        by_ids = sorted(without_rows, key=lambda each: (each.order.int, each.resource.int))
        return (*found, *by_ids)

    @property
    def problems(self) -> list[Problem]:
        """What was found so far; complete once `settle` has run through."""
        problems = [*self._placer.problems, *self._settled, *self._builder.problems]
        if waiting := self._builder.orders_without_callbacks:
            problems.append(_no_callbacks(waiting))
        return problems

    def _ordered(self, level: dict[BranchKey, Branch]) -> list[Branch]:
        scheme = self._policy.item_ids
        return sorted(
            level.values(),
            key=lambda branch: (branch.path.text, branch.item_id(scheme).int, branch.key),
        )

    def _holders(self, parents: Iterable[Branch]) -> list[tuple[str, UUID]]:
        scheme = self._policy.item_ids
        held = [(branch.path.text, branch.item_id(scheme)) for branch in parents]
        held += [(placed.path.text, placed.resource.uuid) for placed in self._placer.placed]
        return held


def _leaf_order(placed: Placed) -> tuple[str, int]:
    return placed.path.text, placed.resource.uuid.int


def _order_row(resource: Resource, order: Order, row: StorageRow | None) -> OrderRow:
    return OrderRow(
        order=order.uuid, type=order.type, state=order.state, resource=resource.uuid, row=row
    )


def _no_callbacks(waiting: int) -> Problem:
    return Problem(
        ProblemCode.CALLBACKS_UNAVAILABLE,
        Severity.WARNING,
        f"{waiting} order(s) are in progress, but it is not known where to report back",
        "Set callback_base_url (or waldur_api.api_url).",
    )
