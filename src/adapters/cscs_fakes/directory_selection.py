"""Answering a `DirectoryQuery` out of a directory that is wholly in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cscs_domain.events.directory import (
    DirectoryProject,
    DirectoryQuery,
    DirectoryUser,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.link_book import LinkBook


def select(book: LinkBook, query: DirectoryQuery) -> KnownDirectory:
    """Exactly what the query names with what belongs to it, each record once, in order of ids."""
    users = {user.id: user for user in _users(book, query)}
    requests = {
        request: None for name in query.openstack_names for request in book.requests_named(name)
    }
    projects = {project.id: project for project in _projects(book, query, users.values(), requests)}
    return KnownDirectory(
        users=tuple(users[key] for key in sorted(users)),
        projects=tuple(projects[key] for key in sorted(projects)),
        allocations=tuple(one for key in sorted(projects) for one in book.allocations_of(key)),
        openstack_requests=tuple(sorted(requests, key=str)),
    )


def _users(book: LinkBook, query: DirectoryQuery) -> Iterator[DirectoryUser]:
    yield from filter(None, map(book.user, query.user_ids))
    for external_id in query.external_ids:
        yield from book.users_by_external_id(external_id)
    for email in query.emails:
        yield from book.users_by_email(email)
    for username in query.usernames:
        yield from book.users_by_username(username)


def _projects(
    book: LinkBook,
    query: DirectoryQuery,
    users: Iterable[DirectoryUser],
    requests: Iterable[OpenstackRequest],
) -> Iterator[DirectoryProject]:
    for title in query.titles:
        yield from book.projects_by_title(title)
    for slug in query.slugs:
        yield from book.projects_by_slug(slug)
        yield from book.projects_by_title_slug(slug)
    ids = {
        *query.project_ids,
        *(
            allocation.project
            for allocation in map(book.allocation, query.allocation_ids)
            if allocation
        ),
        *(user.default_project for user in users if user.default_project),
        *(request.project for request in requests),
    }
    yield from filter(None, map(book.project, ids))
