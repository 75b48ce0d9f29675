"""The storage answer as a running service: snapshots over the configured sources."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import attrs

from cscs_bootstrap.closing import ClosedAtTheEnd
from cscs_bootstrap.quiet_gc import paused_gc
from cscs_bootstrap.snapshot_log import log_crash, log_failure, log_snapshot
from cscs_domain.errors import CscsError
from cscs_domain.identity_cache_policy import GidCacheStatistics
from cscs_domain.ports import Clock, WaldurInspection, WaldurOfferings, WaldurOrders
from cscs_domain.progress import Progress, no_progress
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.freshness import FreshnessPolicy
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.read_storage import (
    RowEncoder,
    StorageSources,
    read_hierarchy,
    take_snapshot,
)
from cscs_domain.storage.snapshot_keeper import Served, SnapshotKeeper
from cscs_domain.storage.snapshots import Snapshot


@attrs.define(eq=False)
class StorageService(ClosedAtTheEnd):
    """Answers from snapshots, or reads the tree once.

    Terminated resources are many and rarely wanted, so they are in a second snapshot that is only
    read when a filter asks for them, unless `include_terminated` puts them into every answer.
    """

    policy: StoragePolicy
    sources: StorageSources
    inspection: WaldurInspection
    offerings: WaldurOfferings
    clock: Clock
    encode: RowEncoder
    freshness: FreshnessPolicy = attrs.field(factory=FreshnessPolicy)
    include_terminated: bool = False
    strict: bool = False
    closers: tuple[Callable[[], Awaitable[None]], ...] = ()
    gid_cache: Callable[[], GidCacheStatistics] | None = None
    orders: WaldurOrders | None = None
    """Waldur's orders, where they can be asked for: a dump has none."""
    usual: SnapshotKeeper = attrs.field(init=False)
    complete: SnapshotKeeper = attrs.field(init=False)
    _warming: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Make the keepers; one serves as both if every answer is complete."""
        self.complete = self._new_keeper(include_terminated=True)
        self.usual = (
            self.complete if self.include_terminated else self._new_keeper(include_terminated=False)
        )

    def _new_keeper(self, *, include_terminated: bool) -> SnapshotKeeper:
        async def read(previous: Snapshot | None) -> Snapshot:
            began = self.clock.monotonic()
            try:
                with paused_gc():
                    snapshot = await take_snapshot(
                        self.sources,
                        self.policy,
                        clock=self.clock,
                        encode=self.encode,
                        include_terminated=include_terminated,
                        previous=previous,
                    )
            except CscsError as error:
                log_failure(error, self.clock.monotonic() - began)
                raise
            except Exception:
                log_crash(self.clock.monotonic() - began)
                raise
            log_snapshot(previous, snapshot, self.clock.monotonic() - began)
            return snapshot

        return SnapshotKeeper(read, self.clock, self.freshness)

    async def serve(self, wanted: RowFilter, *, fresh: bool = False) -> Served:
        """A snapshot that can answer this filter. Raises as `SnapshotKeeper.serve`."""
        return await self._keeper_for(wanted).serve(fresh=fresh)

    def pinned(self, snapshot_id: str, wanted: RowFilter) -> Served:
        """The snapshot that a walk began with, if it can answer this filter.

        A walk keeps its filter, so it stays with one of the two: asked for terminated resources, a
        snapshot without any must not answer that there are none. Raises `SnapshotGoneError`.
        """
        return self._keeper_for(wanted).pinned(snapshot_id)

    def _keeper_for(self, wanted: RowFilter) -> SnapshotKeeper:
        return self.complete if wanted.asks_for_terminated else self.usual

    async def read(
        self,
        *,
        include_terminated: bool = False,
        only: frozenset[str] | None = None,
        progress: Progress = no_progress,
    ) -> Hierarchy:
        """The tree as values, read now; with `only`, of the systems of these names."""
        everything = include_terminated or self.include_terminated
        with paused_gc():
            return await read_hierarchy(
                self.sources,
                attrs.evolve(self.policy, only=only),
                include_terminated=everything,
                progress=progress,
            )

    def warm_up(self) -> None:
        """Begin the first read now, so that the first caller need not wait for all of it."""
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        # The keeper remembers why it failed, readiness shows it, and the next caller tries again.
        with suppress(Exception):
            await self.usual.serve()

    async def close(self) -> None:
        """Stop reads that are under way and let go of connections."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        for keeper in {self.usual, self.complete}:
            await keeper.close()
        for close in self.closers:
            await close()
