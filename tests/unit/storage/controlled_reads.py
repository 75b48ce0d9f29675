"""Reads that end when a test says so, and callers that wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.storage.freshness import FreshnessPolicy
from cscs_domain.storage.rows import RowFacts
from cscs_domain.storage.snapshot_keeper import Served, SnapshotKeeper
from cscs_domain.storage.snapshots import Snapshot, SnapshotDraft
from cscs_domain.storage.states import ResourceState, Status
from cscs_fakes.clock import FixedClock

DOWN = UpstreamServiceError("Waldur", "does not answer")
FACTS = RowFacts("capstor", "store", Status.ACTIVE, ResourceState.OK)

POLICY = FreshnessPolicy(
    max_age=timedelta(seconds=15),
    stale_if_error=timedelta(seconds=300),
    keep=timedelta(seconds=200),
    retry_after=timedelta(seconds=2),
)


async def settle() -> None:
    """Let every task run until it waits for something that only the test can give."""
    for _ in range(10):
        await asyncio.sleep(0)


@attrs.define(eq=False)
class Read:
    """One read under way: what it was given, when it began, and how it is to end."""

    previous: Snapshot | None
    taken_at: datetime
    taken: timedelta
    outcome: asyncio.Future[Snapshot]

    def succeed(self, *rows: bytes) -> None:
        """End it with a snapshot of these rows."""
        draft = SnapshotDraft(taken_at=self.taken_at, taken=self.taken, previous=self.previous)
        draft.add(rows, [FACTS] * len(rows))
        self.outcome.set_result(draft.finish(()))

    def fail(self, error: Exception = DOWN) -> None:
        """End it with an error."""
        self.outcome.set_exception(error)


class Bench:
    """A keeper over reads that the test controls, and a clock that the test moves."""

    def __init__(self, policy: FreshnessPolicy = POLICY) -> None:
        self.clock = FixedClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
        self.reads: list[Read] = []
        self.keeper = SnapshotKeeper(self._read, self.clock, policy)

    async def _read(self, previous: Snapshot | None) -> Snapshot:
        outcome: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        read = Read(previous, self.clock.now(), self.clock.monotonic(), outcome)
        self.reads.append(read)
        return await outcome

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    async def ask(self, *, fresh: bool = False) -> asyncio.Task[Served]:
        """Begin to ask for a snapshot, up to where the caller has to wait."""
        asking = asyncio.create_task(self.keeper.serve(fresh=fresh))
        await settle()
        return asking

    async def take(self, *rows: bytes) -> Snapshot:
        """Let one read succeed with these rows."""
        asking = await self.ask(fresh=True)
        self.reads[-1].succeed(*rows)
        return (await asking).snapshot

    async def fail(self, error: Exception = DOWN) -> None:
        """Let one read fail."""
        asking = await self.ask(fresh=True)
        self.reads[-1].fail(error)
        await asyncio.wait([asking])
        asking.exception()


def rows_of(served: Served) -> Sequence[bytes]:
    """The rows that a caller was given."""
    return served.snapshot.rows
