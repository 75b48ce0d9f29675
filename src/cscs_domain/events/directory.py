"""What is asked of a directory, and what is known of it. Usage events contract, section 4.

An adapter answers a `DirectoryQuery` with a `KnownDirectory`, which may hold more than was asked
for.
"""

from __future__ import annotations

from functools import cached_property

import attrs

from cscs_domain.events.directory_records import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    OpenstackRequest,
)
from cscs_domain.events.link_book import LinkBook

__all__ = [
    "AllocationStatus",
    "DirectoryAllocation",
    "DirectoryProject",
    "DirectoryQuery",
    "DirectoryUser",
    "GrantedUnit",
    "KnownDirectory",
    "OpenstackRequest",
]


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
    """Slugs of projects and of titles alike: see `folded_slug` and `title_slug`."""
    openstack_names: frozenset[str] = frozenset()
    """What projects are called in OpenStack: see `openstack_names` of `directory_names`."""
    user_ids: frozenset[str] = frozenset()
    project_ids: frozenset[str] = frozenset()
    allocation_ids: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class KnownDirectory:
    """Records of a directory, in any order; look-ups are in `link_book`.

    An id stands for one record of its kind. References may lead nowhere.
    """

    users: tuple[DirectoryUser, ...] = ()
    projects: tuple[DirectoryProject, ...] = ()
    allocations: tuple[DirectoryAllocation, ...] = ()
    openstack_requests: tuple[OpenstackRequest, ...] = ()

    @cached_property
    def book(self) -> LinkBook:
        """Its look-ups; made when they are first asked for, and kept."""
        return LinkBook(self.users, self.projects, self.allocations, self.openstack_requests)
