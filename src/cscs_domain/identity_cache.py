"""Look-ups of Unix ids that were made before, as a decorator over the port `HpcUsers`.

Source: HPC user contract, sections 4 and 5; DESIGN section 2, "GID cache".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from cscs_domain.identities import GidLookup, UnixUser, UserLookup
from cscs_domain.identity_cache_lookups import CachedLookups
from cscs_domain.identity_cache_policy import GidCacheStatistics, IdentityCachePolicy
from cscs_domain.ports import Clock, HpcUsers

_T = TypeVar("_T")


class CachedHpcUsers:
    """An identity service that is asked as seldom as the policy allows, for all names at once.

    While it does not answer, what was known before stands in with a problem `stale_identity`;
    a look-up with a name about which nothing is known raises what the service raised. Close it
    when it is no longer needed; the service itself is the caller's to close.
    """

    def __init__(
        self, inner: HpcUsers, clock: Clock, policy: IdentityCachePolicy | None = None
    ) -> None:
        policy = policy or IdentityCachePolicy()
        self._gids = CachedLookups[int]("projects", inner.gids, clock, policy)
        self._users = CachedLookups[UnixUser]("users", inner.users, clock, policy)

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up GIDs; the problems of doubtful ones are told as long as they are remembered."""
        return GidLookup(*await self._gids.look_up(projects))

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users, likewise."""
        return UserLookup(*await self._users.look_up(usernames))

    def invalidate(self, name: str) -> None:
        """Forget a project or user; the next look-up asks, even if one is under way now."""
        self._gids.invalidate(name)
        self._users.invalidate(name)

    def clear(self) -> None:
        """Forget everything, the service's last failure included."""
        self._gids.clear()
        self._users.clear()

    def statistics(self) -> GidCacheStatistics:
        """About the GIDs of projects."""
        return self._gids.statistics()

    def user_statistics(self) -> GidCacheStatistics:
        """About users, counted alike."""
        return self._users.statistics()

    async def close(self) -> None:
        """Stop look-ups that are under way."""
        await self._gids.close()
        await self._users.close()


_: type[HpcUsers] = CachedHpcUsers
