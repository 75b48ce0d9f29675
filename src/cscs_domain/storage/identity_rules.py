"""Whose ids a resource's directory gets, or why nobody knows. DESIGN section 3, "Targets"."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cscs_domain._text import shown
from cscs_domain.identities import LOWEST_USUAL_ID, Identities, UnixUser, mock_gid, mock_user
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import USER_DATA_TYPES
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.resources import NOTHING_READY, ReadyItem, Resource


@attrs.frozen(kw_only=True)
class Owner:
    """The Unix ids that a directory gets. Without a uid it is a project's directory."""

    gid: int
    group: str
    uid: int | None = None
    email: str = ""


@attrs.frozen
class OwnerFound:
    """An owner, or None if there is none to be trusted, and what there is to say about it.

    `ready` is the ready-made item that had its say; an empty one for none.
    """

    owner: Owner | None
    ready: ReadyItem
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class WantedIdentities:
    """Which names have to be looked up before a hierarchy can be built."""

    projects: frozenset[str]
    users: frozenset[str]


def wanted_identities(resources: Iterable[Resource]) -> WantedIdentities:
    """The distinct projects and users whose ids these resources do not bring along themselves."""
    projects, users = set(), set()
    for resource in resources:
        if resource.ready.unix_gid is None:
            projects.add(resource.project.slug)
        if resource.data_type in USER_DATA_TYPES and resource.ready.unix_uid is None:
            users.add(resource.slug)
    return WantedIdentities(frozenset(projects), frozenset(users))


class OwnerFinder:
    """Finds owners of directories; makes them up only if the policy allows it."""

    def __init__(self, identities: Identities, policy: StoragePolicy) -> None:
        self._identities = identities
        self._policy = policy
        self._undoubted: dict[str, OwnerFound] = {}

    def find(self, resource: Resource) -> OwnerFound:
        """The owner of one resource's directory."""
        is_usual = resource.ready is NOTHING_READY and resource.data_type not in USER_DATA_TYPES
        if is_usual and (known := self._undoubted.get(resource.project.slug)):
            return known  # a project owns several directories
        found = self._look(resource)
        if is_usual and found.owner and not found.problems:
            self._undoubted[resource.project.slug] = found
        return found

    def _look(self, resource: Resource) -> OwnerFound:
        ready = resource.ready
        if resource.data_type in USER_DATA_TYPES:
            return self._user(resource, ready)
        slug = resource.project.slug
        gid, problems = self._usable_gid(resource, ready.unix_gid or self._gid(slug))
        owner = None if gid is None else Owner(gid=gid, group=slug)
        return OwnerFound(owner, ready, problems)

    def _gid(self, project: str) -> int | None:
        return self._identities.gids.get(project)

    def _usable_gid(
        self, resource: Resource, gid: int | None
    ) -> tuple[int | None, tuple[Problem, ...]]:
        if gid is not None and gid > 0:  # 0 would be root: as good as unknown, whoever said it
            return gid, (_low(resource, "GID", gid),) if gid < LOWEST_USUAL_ID else ()
        project = resource.project.slug
        if not self._policy.mock_identities:
            return None, (_missing(resource, "GID", "project", project),)
        gid = mock_gid(project)
        return gid, (_mocked(resource, "GID", project, gid),)

    def _user(self, resource: Resource, ready: ReadyItem) -> OwnerFound:
        user, problems = self._account(resource, ready)
        if user is None:
            return OwnerFound(None, ready, problems)
        group, known_gid = self._primary_group(resource, ready, user)
        gid, more = self._usable_gid(resource, known_gid)
        if gid is None:
            return OwnerFound(None, ready, more)
        owner = Owner(gid=gid, group=group, uid=user.uid, email=user.email)
        return OwnerFound(owner, ready, (*problems, *more))

    def _primary_group(
        self, resource: Resource, ready: ReadyItem, user: UnixUser
    ) -> tuple[str, int | None]:
        """A group's name and GID, always of one and the same group."""
        own = resource.project.slug
        if ready.unix_gid is not None:
            return ready.primary_project or own, ready.unix_gid
        if user.primary_project and user.primary_gid:
            return user.primary_project, user.primary_gid
        return own, self._gid(own)

    def _account(
        self, resource: Resource, ready: ReadyItem
    ) -> tuple[UnixUser | None, tuple[Problem, ...]]:
        """The user's record with what the ready-made item says laid over it."""
        name = resource.slug
        user = self._identities.users.get(name)
        if ready.unix_uid is not None:
            user = attrs.evolve(user or UnixUser(name, 0, ""), uid=ready.unix_uid)
        if user is not None and user.uid > 0:
            user = attrs.evolve(user, email=ready.email) if ready.email else user
            low = user.uid < LOWEST_USUAL_ID
            return user, (_low(resource, "UID", user.uid),) if low else ()
        if not self._policy.mock_identities:
            return None, (_missing(resource, "UID", "user", name),)
        user = mock_user(name)
        return user, (_mocked(resource, "UID", name, user.uid),)


def _missing(resource: Resource, what: str, kind: str, name: str) -> Problem:
    return Problem(
        ProblemCode.MISSING_IDENTITY,
        Severity.ERROR,
        f"no Unix {what} is known for {kind} {shown(name)}",
        f"Make sure that the {kind} is synchronised to the HPC User API.",
        resource=str(resource.uuid),
    )


def _mocked(resource: Resource, what: str, name: str, number: int) -> Problem:
    return Problem(
        ProblemCode.MOCK_IDENTITY,
        Severity.WARNING,
        f"{what} {number} of {shown(name)} is made up",
        "Never let a production file system use it: switch development mode off.",
        resource=str(resource.uuid),
    )


def _low(resource: Resource, what: str, number: int) -> Problem:
    return Problem(
        ProblemCode.LOW_IDENTITY,
        Severity.WARNING,
        f"{what} {number} is below {LOWEST_USUAL_ID}, where operating systems keep their accounts",
        "Check the record before the owner of a directory is changed to it.",
        resource=str(resource.uuid),
    )
