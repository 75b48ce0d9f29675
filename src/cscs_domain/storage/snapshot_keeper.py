"""One reader however many wait: who gets which snapshot, and when a new one is read.

Source: DESIGN section 4, "Snapshots"; the ages are judged in `freshness`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from cscs_domain.errors import SnapshotGoneError
from cscs_domain.ports import Clock
from cscs_domain.storage.freshness import Freshness, FreshnessPolicy
from cscs_domain.storage.snapshots import Snapshot

Reader: TypeAlias = Callable[[Snapshot | None], Awaitable[Snapshot]]
"""Takes the previous snapshot (to share rows with) and reads a new one."""

_MOST_KEPT: Final = 256
"""Where every read finds something new, so many replaced snapshots are kept at the most."""


@attrs.frozen(kw_only=True)
class Served:
    """A snapshot to answer from. `failure` says why it is older than it should be."""

    snapshot: Snapshot
    age: timedelta
    failure: Exception | None = None


@attrs.frozen
class _Failure:
    error: Exception
    at: timedelta


class SnapshotKeeper:
    """Keeps the current snapshot and those that walks may still be pinned to."""

    def __init__(self, read: Reader, clock: Clock, policy: FreshnessPolicy) -> None:
        self._read = read
        self._clock = clock
        self._policy = policy
        self._current: Snapshot | None = None
        self._replaced: dict[str, tuple[Snapshot, timedelta]] = {}
        self._running: asyncio.Task[Snapshot] | None = None
        self._failure: _Failure | None = None

    @property
    def current(self) -> Snapshot | None:
        """The newest snapshot, if there ever was one."""
        return self._current

    @property
    def failure(self) -> Exception | None:
        """Why the last refresh failed; None if it did not."""
        return self._failure.error if self._failure else None

    def age_of(self, snapshot: Snapshot) -> timedelta:
        """How long ago its read began."""
        return self._clock.monotonic() - snapshot.taken

    async def serve(self, *, fresh: bool = False) -> Served:
        """A snapshot that is young enough; with `fresh`, one whose read begins after this call.

        Raises what the read raised, as a rule `UpstreamServiceError`, if nothing kept may stand in.
        """
        if fresh:
            return await self._serve_newly_read()
        current = self._current
        if current is not None:
            match self._policy.judge(self.age_of(current)):
                case Freshness.SERVE:
                    return self._served(current)
                case Freshness.SERVE_AND_REFRESH:
                    if not self._failed_just_now():
                        self._refresh()
                    return self._served(current)
                case Freshness.REFRESH_FIRST:
                    pass
        if self._failure and self._failed_just_now():
            return self._stand_in(self._failure.error)
        return await self._wait_for(self._refresh())

    def pinned(self, snapshot_id: str) -> Served:
        """The snapshot that a walk began with, or `SnapshotGoneError`."""
        self._forget_old()
        current = self._current
        if current is not None and current.id == snapshot_id:
            return self._served(current)
        if snapshot_id in self._replaced:
            return self._served(self._replaced[snapshot_id][0])
        raise SnapshotGoneError(snapshot_id)

    async def close(self) -> None:
        """Stop a refresh that is under way."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _serve_newly_read(self) -> Served:
        if (running := self._running) is not None:
            # It may have begun before what the caller wants to see had happened.
            await asyncio.wait([running])
        return await self._wait_for(self._refresh())

    async def _wait_for(self, task: asyncio.Task[Snapshot]) -> Served:
        try:
            # A caller that goes away must not take the others' read with it.
            return self._served(await asyncio.shield(task))
        except Exception as error:  # noqa: BLE001  # whatever it was, an older answer is better
            return self._stand_in(error)

    def _stand_in(self, error: Exception) -> Served:
        current = self._current
        if current is None or not self._policy.may_stand_in(self.age_of(current)):
            # Raised to everybody who asks for a while: each time would add its frames to it.
            raise error.with_traceback(None)
        return attrs.evolve(self._served(current), failure=error)

    def _served(self, snapshot: Snapshot) -> Served:
        return Served(snapshot=snapshot, age=max(self.age_of(snapshot), timedelta(0)))

    def _refresh(self) -> asyncio.Task[Snapshot]:
        """Start a read, or join the one under way."""
        if self._running is None:
            self._running = asyncio.create_task(self._read_one())
            # Also a read nobody waits for any more ends here; its error is kept, not logged twice.
            self._running.add_done_callback(_consume)
        return self._running

    async def _read_one(self) -> Snapshot:
        try:
            snapshot = await self._read(self._current)
        except Exception as error:
            self._failure = _Failure(error, self._clock.monotonic())
            raise
        finally:
            if self._running is asyncio.current_task():  # else it was closed, and another began
                self._running = None
        self._failure = None
        self._replace(snapshot)
        return snapshot

    def _replace(self, snapshot: Snapshot) -> None:
        previous, self._current = self._current, snapshot
        self._forget_old()
        if previous is not None and previous.id != snapshot.id:
            self._replaced[previous.id] = (previous, self._clock.monotonic())
        self._replaced.pop(snapshot.id, None)

    def _forget_old(self) -> None:
        horizon = self._clock.monotonic() - self._policy.keep
        for snapshot_id, (_, replaced) in list(self._replaced.items()):
            if replaced < horizon or len(self._replaced) > _MOST_KEPT:  # oldest first
                del self._replaced[snapshot_id]

    def _failed_just_now(self) -> bool:
        failure = self._failure
        return (
            failure is not None and self._clock.monotonic() - failure.at < self._policy.retry_after
        )


def _consume(task: asyncio.Task[Snapshot]) -> None:
    if not task.cancelled():
        task.exception()
