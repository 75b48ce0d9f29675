"""The centre's identity service in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import (
    GidLookup,
    UnixUser,
    UserLookup,
    UserRecord,
    resolve_gids,
    resolve_users,
)
from cscs_domain.ports import HpcUsers


class FakeHpcUsers:
    """Projects and users in memory; change them at any time.

    `gids` are GIDs by project, or (project, id) pairs where a test needs a project twice. Ids may
    be anything that a service might send. `gid_lookups` and `user_lookups` count the look-ups
    that asked for something.
    """

    def __init__(
        self,
        gids: Mapping[str, object] | Iterable[tuple[object, object]] = (),
        users: Iterable[UnixUser | UserRecord] = (),
    ) -> None:
        self._gids = list(gids.items() if isinstance(gids, Mapping) else gids)
        self._users = [_record(user) for user in users]
        self._failure: UpstreamServiceError | None = None
        self.gid_lookups = 0
        self.user_lookups = 0

    def set_gid(self, project: str, gid: object) -> None:
        """Give a project this id and no other."""
        self.remove_project(project)
        self._gids.append((project, gid))

    def remove_project(self, project: str) -> None:
        """Forget a project, known or not."""
        self._gids = [row for row in self._gids if row[0] != project]

    def set_user(self, user: UnixUser | UserRecord) -> None:
        """Give a user this record and no other."""
        self._users = [record for record in self._users if record.username != user.username]
        self._users.append(_record(user))

    def remove_user(self, username: str) -> None:
        """Forget a user, known or not."""
        self._users = [record for record in self._users if record.username != username]

    def fail_with(self, error: UpstreamServiceError) -> None:
        """Let every look-up fail from now on."""
        self._failure = error

    def recover(self) -> None:
        """Let look-ups succeed again."""
        self._failure = None

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up GIDs; who asks for nothing gets nothing, from a service that is down as well."""
        if not projects:
            return GidLookup({})
        self.gid_lookups += 1
        self._fail()
        return resolve_gids(projects, self._gids)

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users, likewise."""
        if not usernames:
            return UserLookup({})
        self.user_lookups += 1
        self._fail()
        return resolve_users(usernames, self._users)

    def _fail(self) -> None:
        if self._failure:
            raise self._failure


def _record(user: UnixUser | UserRecord) -> UserRecord:
    return UserRecord(**attrs.asdict(user)) if isinstance(user, UnixUser) else user


_: type[HpcUsers] = FakeHpcUsers
