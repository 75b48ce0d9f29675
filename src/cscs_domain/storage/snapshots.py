"""One consistent read, already encoded row by row. Source: DESIGN section 4, ADR 0003.

A snapshot's id is a digest of what it holds: two reads of an unchanged Waldur are one snapshot to
everybody outside, so entity tags stay valid and rows in memory are shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import attrs

from cscs_domain.problems import Problem, ProblemCode
from cscs_domain.storage.filters import EVERYTHING, PageRequest, Pagination, RowFilter
from cscs_domain.storage.rows import RowFacts

_MOST_LISTS_KEPT: Final = 64


@attrs.frozen
class SnapshotPage:
    """Encoded rows of one page and where they lie in the filtered list."""

    rows: Sequence[bytes]
    pagination: Pagination


@attrs.frozen(eq=False)
class Snapshot:
    """An immutable, encoded answer.

    `taken_at` is when the read began, on the wall; `taken` the same on the monotonic clock, from
    which ages are counted.
    """

    id: str
    taken_at: datetime
    taken: timedelta
    # Out of the repr: somebody will print a snapshot, and these may be hundreds of megabytes.
    rows: tuple[bytes, ...] = attrs.field(repr=False)
    facts: tuple[RowFacts, ...] = attrs.field(repr=False)
    problems: tuple[Problem, ...] = attrs.field(default=(), repr=False)
    _lists: dict[RowFilter, tuple[bytes, ...]] = attrs.field(
        factory=dict, repr=False, kw_only=True, alias="lists"
    )

    @cached_property
    def _kinds(self) -> frozenset[RowFacts]:
        """The few distinct facts of the many rows."""
        return frozenset(self.facts)

    def select(self, wanted: RowFilter) -> tuple[bytes, ...]:
        """The encoded rows that match, in order.

        Remembered, so that a page costs the same whether the list is long or short.
        """
        if wanted == EVERYTHING:
            return self.rows
        found = self._lists.get(wanted)
        if found is None:
            matching = {facts for facts in self._kinds if wanted.matches(facts)}
            if not matching:
                return ()  # not remembered: what matches nothing is anybody's invention
            found = tuple(
                row for row, facts in zip(self.rows, self.facts, strict=True) if facts in matching
            )
            if len(self._lists) >= _MOST_LISTS_KEPT:
                self._lists.clear()
            self._lists[wanted] = found
        return found

    def page(self, wanted: RowFilter, page: PageRequest) -> SnapshotPage:
        """One page of the rows that match."""
        rows = self.select(wanted)
        return SnapshotPage(rows[page.offset : page.offset + page.size], page.of(len(rows)))

    def taken_again(self, *, taken_at: datetime, taken: timedelta) -> Snapshot:
        """The same content, found unchanged by a later read."""
        return attrs.evolve(self, taken_at=taken_at, taken=taken)

    @property
    def missing_identities(self) -> tuple[Problem, ...]:
        """The resources that a strict site refuses to be silent about."""
        return tuple(p for p in self.problems if p.code is ProblemCode.MISSING_IDENTITY)


class SnapshotDraft:
    """A snapshot being written row by row."""

    def __init__(self, *, taken_at: datetime, taken: timedelta, previous: Snapshot | None) -> None:
        self._taken_at = taken_at
        self._taken = taken
        self._previous = previous
        self._known = {row: row for row in previous.rows} if previous else {}
        self._rows: list[bytes] = []
        self._facts: list[RowFacts] = []
        self._digest = hashlib.sha256()

    def add(self, rows: Sequence[bytes], facts: Sequence[RowFacts]) -> None:
        """Append rows in the answer's order; one that the previous snapshot holds is shared."""
        if self._known:
            known = self._known
            rows = [known.get(row, row) for row in rows]
        self._rows += rows
        self._facts += facts
        self._digest.update(b"\n".join([*rows, b""]))  # the same in whichever portions they come

    def finish(self, problems: tuple[Problem, ...]) -> Snapshot:
        """Close the list."""
        # The state is not part of a row's text but decides which filters show it.
        self._digest.update("\n".join([each.state or "-" for each in self._facts]).encode())
        for problem in problems:
            self._digest.update(str(problem).encode(errors="replace"))
        digest = self._digest.hexdigest()[:24]
        if self._previous is not None and self._previous.id == digest:
            return self._previous.taken_again(taken_at=self._taken_at, taken=self._taken)
        return Snapshot(
            digest,
            self._taken_at,
            self._taken,
            tuple(self._rows),
            tuple(self._facts),
            problems,
        )
