"""Finding the project of an event. Usage events contract, section 4.1, step 3; DESIGN section 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from cscs_domain.events.allocation_choice import choose_requested
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.directory_records import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    OpenstackRequest,
)
from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.links import LinkGap, ProjectMatch
from cscs_domain.events.slugs import bare_slug

DEFAULT_PROJECT: Final = "_pbs_project_default"
"""What PBS calls the project of jobs that name none."""

_OPENSTACK: Final = "openstack"
_NAME_KEYS: Final = ("project", "project_name", "projectTitle")


@attrs.frozen
class FoundProject:
    """The project with how it was found, or the gap.

    `allocation` is the one that OpenStack requests name.
    """

    project: DirectoryProject | None = None
    match: ProjectMatch | None = None
    gap: LinkGap | None = None
    allocation: DirectoryAllocation | None = None


_UNKNOWN: Final = FoundProject(gap=LinkGap.UNKNOWN_PROJECT)


def project_name(event: ResourceUsageEvent) -> str | None:
    """What the event calls its project: the first text that is not blank, trimmed."""
    context = event.context
    for key in _NAME_KEYS:
        value = context.get(key)
        if isinstance(value, str) and (name := value.strip()):
            return name
    return (event.project_slug or "").strip() or None


def is_default_project(event: ResourceUsageEvent, name: str | None) -> bool:
    """Whether the event belongs to its user's default project, whatever that is called."""
    return event.is_personal or name == DEFAULT_PROJECT


def may_be_requested(event: ResourceUsageEvent) -> bool:
    """Whether OpenStack requests may tell the project: of events from there, but personal ones."""
    return event.source == _OPENSTACK and not event.is_personal


def may_be_found(name: str) -> bool:
    """Whether a directory may have the name: a context may hold text of megabytes."""
    return len(name) <= LONGEST_VALUE


def slugs_to_try(name: str) -> tuple[str, ...]:
    """The name as it is, since slugs of projects may have underscores, then its slug if any."""
    slugged = bare_slug(name)
    return (name, slugged) if slugged else (name,)


def find_project(
    event: ResourceUsageEvent, name: str | None, user: DirectoryUser | None, book: LinkBook
) -> FoundProject:
    """The one project of the first step that finds any; several at one step are none."""
    if requests := _requests_of(event, name, book):
        return _of_requests(event, requests, book)
    if is_default_project(event, name):
        return _default_of(user, book)
    if name is None:
        return FoundProject(gap=LinkGap.NO_PROJECT_NAME)
    return _by_name(name, book) if may_be_found(name) else _UNKNOWN


def _requests_of(
    event: ResourceUsageEvent, name: str | None, book: LinkBook
) -> Sequence[OpenstackRequest]:
    if name is None or not may_be_found(name) or not may_be_requested(event):
        return ()
    return book.requests_named(name)


def _by_name(name: str, book: LinkBook) -> FoundProject:
    if found := book.projects_by_title(name):
        return _the_one(found, ProjectMatch.TITLE)
    for text in slugs_to_try(name):
        if found := book.projects_by_slug(text):
            return _the_one(found, ProjectMatch.SLUG)
    if found := book.projects_by_title_slug(bare_slug(name)):
        return _the_one(found, ProjectMatch.SLUG)
    return _UNKNOWN


def _the_one(found: Sequence[DirectoryProject], match: ProjectMatch) -> FoundProject:
    if len(found) > 1:
        return FoundProject(gap=LinkGap.AMBIGUOUS_PROJECT)
    return FoundProject(found[0], match)


def _default_of(user: DirectoryUser | None, book: LinkBook) -> FoundProject:
    default = user.default_project if user else None
    project = book.project(default) if default else None
    if project is None:
        return FoundProject(gap=LinkGap.NO_DEFAULT_PROJECT)
    return FoundProject(project, ProjectMatch.DEFAULT_PROJECT)


def _of_requests(
    event: ResourceUsageEvent, requests: Sequence[OpenstackRequest], book: LinkBook
) -> FoundProject:
    projects = {request.project for request in requests}
    if len(projects) > 1:
        return FoundProject(gap=LinkGap.AMBIGUOUS_PROJECT)
    named = {request.allocation for request in requests if request.allocation}
    allocations = filter(None, map(book.allocation, named))
    # One of another project is a mistake in the request.
    own = [one for one in allocations if one.project in projects]
    return FoundProject(
        book.project(projects.pop()),
        ProjectMatch.OPENSTACK_REQUEST,
        allocation=choose_requested(own, event.time_window_start, event.time_window_end),
    )
