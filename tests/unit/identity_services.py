"""An identity service whose answers come when a test says so, and a cache over it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import GidLookup, UserLookup
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.identity_cache_policy import IdentityCachePolicy
from cscs_domain.problems import Problem
from cscs_fakes.clock import FixedClock
from cscs_fakes.hpc_users import FakeHpcUsers

DOWN = UpstreamServiceError("HPC users", "does not answer")
HOUR = timedelta(hours=1)


async def settle() -> None:
    """Let every task run until it waits for something that only the test can give."""
    for _ in range(10):
        await asyncio.sleep(0)


class WatchedHpcUsers:
    """Answers as `fake` does, with `more` problems, while `open` is set; remembers who was asked.

    An answer is what is true when the question comes, however late it is given.
    """

    def __init__(self, fake: FakeHpcUsers) -> None:
        self.fake = fake
        self.more: tuple[Problem, ...] = ()
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up GIDs."""
        self.asked.append(list(projects))
        try:
            found = await self.fake.gids(projects)
        finally:
            await self.open.wait()
        return attrs.evolve(found, problems=(*found.problems, *self.more))

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users."""
        self.asked.append(list(usernames))
        return await self.fake.users(usernames)


class CacheBench:
    """A cache over a watched service, and a clock that the test moves."""

    def __init__(self, gids: dict[str, object], policy: IdentityCachePolicy | None = None) -> None:
        self.clock = FixedClock(datetime(2026, 11, 21, 8, tzinfo=UTC))
        self.fake = FakeHpcUsers(gids)
        self.inner = WatchedHpcUsers(self.fake)
        self.cache = CachedHpcUsers(self.inner, self.clock, policy)

    @property
    def asked(self) -> list[list[str]]:
        """What the service was asked, look-up by look-up."""
        return self.inner.asked

    def advance(self, by: timedelta | float) -> None:
        """Let time pass; numbers are seconds."""
        self.clock.advance(by if isinstance(by, timedelta) else timedelta(seconds=by))

    async def begin(self, *projects: str) -> asyncio.Task[GidLookup]:
        """Begin a look-up, up to where it has to wait."""
        asking = asyncio.create_task(self.cache.gids(projects))
        await settle()
        return asking
