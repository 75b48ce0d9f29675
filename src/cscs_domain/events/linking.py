"""Linking events to users, projects and allocations. Source: usage events contract, section 4.1.

Links are made of an event and a directory alone, so they can be made again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cscs_domain.events.allocation_choice import choose_allocation
from cscs_domain.events.bounds import LONGEST_NAME
from cscs_domain.events.directory import DirectoryAllocation, DirectoryQuery, KnownDirectory
from cscs_domain.events.directory_names import folded
from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.links import AllocationMatch, Link, LinkGap, UserMatch
from cscs_domain.events.project_search import (
    FoundProject,
    find_project,
    is_default_project,
    may_be_found,
    may_be_requested,
    project_name,
    slugs_to_try,
)
from cscs_domain.events.user_search import find_user, identities_to_try, sought_text


def link(event: ResourceUsageEvent, known: LinkBook | KnownDirectory) -> Link:
    """Whose usage the event is, as far as the directory tells; what it does not tell is a gap."""
    book = known if isinstance(known, LinkBook) else known.book
    user = find_user(event, book)
    name = project_name(event)
    project = find_project(event, name, user.user, book)
    allocation, how, gap = _allocation_of(event, project, book)
    return Link(
        user=user.user.id if user.user else None,
        project=project.project.id if project.project else None,
        allocation=allocation.id if allocation else None,
        user_match=user.match,
        project_match=project.match,
        allocation_match=how,
        gaps=tuple(one for one in (user.gap, project.gap, gap) if one is not None),
        sought_project=None if name is None else name[:LONGEST_NAME],
        sought_identity=user.identity,
    )


def wanted_by(events: Iterable[ResourceUsageEvent]) -> DirectoryQuery:
    """All that `link` may look up for these events."""
    wanted = _Wanted()
    for event in events:
        wanted.add_identities(event)
        wanted.add_project(event)
    return wanted.query()


def _allocation_of(
    event: ResourceUsageEvent, found: FoundProject, book: LinkBook
) -> tuple[DirectoryAllocation | None, AllocationMatch | None, LinkGap | None]:
    if found.project is None:
        return None, None, None
    if found.allocation is not None:
        return found.allocation, AllocationMatch.OPENSTACK_REQUEST, None
    preferred = book.allocations_of(found.project.id)
    chosen = choose_allocation(preferred, event.time_window_start, event.time_window_end)
    if chosen is None:
        return None, None, LinkGap.NO_ALLOCATION
    return chosen, AllocationMatch.PROJECT_LATEST, None


@attrs.define
class _Wanted:
    """Texts that are looked up, by what they are."""

    _external_ids: set[str] = attrs.field(factory=set, init=False)
    _emails: set[str] = attrs.field(factory=set, init=False)
    _usernames: set[str] = attrs.field(factory=set, init=False)
    _titles: set[str] = attrs.field(factory=set, init=False)
    _slugs: set[str] = attrs.field(factory=set, init=False)
    _openstack_names: set[str] = attrs.field(factory=set, init=False)

    def add_identities(self, event: ResourceUsageEvent) -> None:
        """The identities of one event."""
        for match, identity in identities_to_try(event):
            text = sought_text(match, identity)
            if match is UserMatch.OIDC_SUB:
                self._external_ids.add(text)
            elif match is UserMatch.USER_EMAIL:
                self._emails.add(text)
            else:
                self._usernames.add(text)

    def add_project(self, event: ResourceUsageEvent) -> None:
        """What one event calls its project, if the name matters."""
        name = project_name(event)
        if name is None or not may_be_found(name):
            return
        if may_be_requested(event):
            self._openstack_names.add(folded(name))
        if not is_default_project(event, name):
            self._titles.add(folded(name))
            self._slugs.update(map(folded, slugs_to_try(name)))

    def query(self) -> DirectoryQuery:
        """The question to ask."""
        return DirectoryQuery(
            external_ids=frozenset(self._external_ids),
            emails=frozenset(self._emails),
            usernames=frozenset(self._usernames),
            titles=frozenset(self._titles),
            slugs=frozenset(self._slugs),
            openstack_names=frozenset(self._openstack_names),
        )
