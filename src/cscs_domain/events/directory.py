"""What is known of users, projects and allocations, for links. Usage events contract, section 4.

An adapter answers a `DirectoryQuery` with a `KnownDirectory`, which may hold more than was asked
for. Ids are text of the directory's own (a number, a uuid) and opaque to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs


class AllocationStatus(StrEnum):
    """Whether an allocation is in force. Its dates say when."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"
    REVOKED = "revoked"


class GrantedUnit(StrEnum):
    """What can be granted, with its unit."""

    CPU_HOURS = "cpu_hours"
    GPU_HOURS = "gpu_hours"


_NO_GRANT: Final[Mapping[GrantedUnit, int]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class DirectoryUser:
    """Somebody with an account. `external_id` is the `sub` of the OIDC provider."""

    id: str
    external_id: str | None = None
    email: str | None = None
    username: str | None = None
    default_project: str | None = None
    """Id of a project."""


@attrs.frozen(kw_only=True)
class DirectoryProject:
    """A project; without a `slug` of its own the one of its title counts."""

    id: str
    title: str
    slug: str | None = None


@attrs.frozen(kw_only=True)
class DirectoryAllocation:
    """What a project was granted from `start` to before `end`; None is open."""

    id: str
    project: str
    start: datetime | None = None
    end: datetime | None = None
    status: AllocationStatus = AllocationStatus.ACTIVE
    granted: Mapping[GrantedUnit, int] = _NO_GRANT
    """Whole hours."""


@attrs.frozen(kw_only=True)
class OpenstackRequest:
    """A request for OpenStack, of which projects there are named `<customer>-<project>`.

    `project_title` is the title in the request, where it differs from the project's.
    """

    customer_key: str
    project: str
    allocation: str | None = None
    project_title: str | None = None


@attrs.frozen(kw_only=True)
class DirectoryQuery:
    """Everything that a batch of events needs looked up, as few queries as a technology allows.

    All texts but ids and external ids are lower-cased (`str.lower`), and compared so, in full: no
    character is a wildcard. Found users bring their default projects along, found projects all
    their allocations, and OpenStack requests their project and its allocations.
    """

    external_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    usernames: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    slugs: frozenset[str] = frozenset()
    """Slugs of projects, or of titles where a project has none."""
    openstack_names: frozenset[str] = frozenset()
    user_ids: frozenset[str] = frozenset()
    project_ids: frozenset[str] = frozenset()
    allocation_ids: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class KnownDirectory:
    """Records of a directory, in any order; look-ups are in `linking`."""

    users: tuple[DirectoryUser, ...] = ()
    projects: tuple[DirectoryProject, ...] = ()
    allocations: tuple[DirectoryAllocation, ...] = ()
    openstack_requests: tuple[OpenstackRequest, ...] = ()
