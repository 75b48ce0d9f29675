"""Whose ids a resource's directory gets, or why nobody knows. DESIGN section 3, "Targets"."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import attrs

from cscs_domain._text import shown
from cscs_domain.identities import LOWEST_USUAL_ID, Identities, mock_gid, mock_user
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType, target_type_of
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.resources import ReadyItem, Resource

_NOTHING_READY = ReadyItem()


@attrs.frozen(kw_only=True)
class Owner:
    """The Unix ids that a directory gets. Without a uid it is a project's directory."""

    gid: int
    group: str
    uid: int | None = None
    email: str = ""


@attrs.frozen
class OwnerFound:
    """An owner, or None if there is none to be trusted, and what there is to say about it."""

    owner: Owner | None
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class WantedIdentities:
    """Which names have to be looked up before a hierarchy can be built."""

    projects: frozenset[str]
    users: frozenset[str]


def wanted_identities(resources: Iterable[Resource], policy: StoragePolicy) -> WantedIdentities:
    """The distinct projects and users whose ids these resources do not bring along themselves."""
    projects, users = set(), set()
    for resource in resources:
        target_type = target_type_of(resource.data_type)
        ready = ready_item(resource, target_type, policy)
        if ready.unix_gid is None:
            projects.add(resource.project.slug)
        if target_type is TargetType.USER and ready.unix_uid is None:
            users.add(resource.slug)
    return WantedIdentities(frozenset(projects), frozenset(users))


def ready_item(resource: Resource, target_type: TargetType, policy: StoragePolicy) -> ReadyItem:
    """The ready-made item that wins for this resource's target; an empty one for none."""
    item = resource.user_item if target_type is TargetType.USER else resource.project_item
    return item if item is not None and policy.ready_items else _NOTHING_READY


def find_owner(
    resource: Resource,
    target_type: TargetType,
    ready: ReadyItem,
    identities: Identities,
    policy: StoragePolicy,
) -> OwnerFound:
    """The owner of a resource's directory, made up only if the policy allows it."""
    mock = policy.mock_identities
    if target_type is TargetType.USER:
        return _user(resource, ready, identities, mock=mock)
    slug = resource.project.slug
    return _group(resource, ready.unix_gid or identities.gids.get(slug), mock=mock)


def _group(resource: Resource, gid: int | None, *, mock: bool) -> OwnerFound:
    slug = resource.project.slug
    if gid is not None and gid >= LOWEST_USUAL_ID:
        return _undoubted(gid, slug)
    if gid is not None:
        return OwnerFound(Owner(gid=gid, group=slug), (_low(resource, "GID", gid),))
    if mock:
        gid = mock_gid(slug)
        return OwnerFound(Owner(gid=gid, group=slug), (_mocked(resource, "GID", slug, gid),))
    return OwnerFound(None, (_missing(resource, "GID", "project", slug),))


@lru_cache(maxsize=1 << 13)  # a project owns several directories
def _undoubted(gid: int, group: str) -> OwnerFound:
    return OwnerFound(Owner(gid=gid, group=group))


def _user(
    resource: Resource, ready: ReadyItem, identities: Identities, *, mock: bool
) -> OwnerFound:
    problems = []
    known = identities.users.get(resource.slug)
    uid = ready.unix_uid or (known.uid if known else None)
    email = ready.email or (known.email if known else "")
    if uid is None and mock:
        made_up = mock_user(resource.slug)
        uid, email = made_up.uid, made_up.email
        problems.append(_mocked(resource, "UID", resource.slug, uid))
    if uid is None:
        return OwnerFound(None, (_missing(resource, "UID", "user", resource.slug),))
    if uid < LOWEST_USUAL_ID:
        problems.append(_low(resource, "UID", uid))
    group, gid = ready.primary_project or resource.project.slug, ready.unix_gid
    if gid is None and known and known.primary_project and known.primary_gid:
        group, gid = known.primary_project, known.primary_gid
    if gid is None:
        gid = identities.gids.get(resource.project.slug)
    found = _group(resource, gid, mock=mock)
    if found.owner is None:
        return found
    owner = Owner(gid=found.owner.gid, group=group, uid=uid, email=email)
    return OwnerFound(owner, (*problems, *found.problems))


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
