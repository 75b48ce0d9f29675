"""A directory with an index for every way in which its records are looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from cscs_domain.events.allocation_choice import by_preference
from cscs_domain.events.directory_names import (
    folded,
    folded_slug,
    folded_title,
    openstack_names,
    title_slug,
)
from cscs_domain.events.directory_records import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    OpenstackRequest,
)


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


_Record = TypeVar("_Record", bound=_WithId)
_T = TypeVar("_T")


class LinkBook:
    """Look-ups in constant time. To build it takes as long as the directory is large: see
    `KnownDirectory.book`.

    Texts but ids and external ids may come in any case. Several records of one text are all
    returned, in no order that means anything.
    """

    def __init__(
        self,
        users: Sequence[DirectoryUser],
        projects: Sequence[DirectoryProject],
        allocations: Sequence[DirectoryAllocation],
        openstack_requests: Sequence[OpenstackRequest],
    ) -> None:
        self._users = {user.id: user for user in users}
        self._by_external_id = _index((user.external_id, user) for user in users)
        self._by_email = _index((user.email and folded(user.email), user) for user in users)
        self._by_username = _index(
            (user.username and folded(user.username), user) for user in users
        )
        self._projects = {project.id: project for project in projects}
        self._by_title = _index((folded_title(one), one) for one in projects)
        self._by_slug = _index((folded_slug(one), one) for one in projects)
        self._by_title_slug = _index((title_slug(one), one) for one in projects)
        self._allocations = {one.id: one for one in allocations}
        self._of_project = {
            project: by_preference(found) if len(found) > 1 else found
            for project, found in _index((one.project, one) for one in allocations).items()
        }
        self._by_openstack_name = _index(
            (name, request)
            for request in openstack_requests
            if (project := self._projects.get(request.project))
            for name in openstack_names(request, project)
        )

    def user(self, id: str) -> DirectoryUser | None:  # noqa: A002
        """The user of this id."""
        return self._users.get(id)

    def project(self, id: str) -> DirectoryProject | None:  # noqa: A002
        """The project of this id."""
        return self._projects.get(id)

    def allocation(self, id: str) -> DirectoryAllocation | None:  # noqa: A002
        """The allocation of this id."""
        return self._allocations.get(id)

    def users_by_external_id(self, external_id: str) -> Sequence[DirectoryUser]:
        """Users with exactly this `sub`."""
        return _distinct(self._by_external_id, external_id)

    def users_by_email(self, email: str) -> Sequence[DirectoryUser]:
        """Users with this e-mail address."""
        return _distinct(self._by_email, folded(email))

    def users_by_username(self, username: str) -> Sequence[DirectoryUser]:
        """Users with this name."""
        return _distinct(self._by_username, folded(username))

    def projects_by_title(self, title: str) -> Sequence[DirectoryProject]:
        """Projects of this title."""
        return _distinct(self._by_title, folded(title.strip()))

    def projects_by_slug(self, slug: str) -> Sequence[DirectoryProject]:
        """Projects with this slug of their own."""
        return _distinct(self._by_slug, folded(slug))

    def projects_by_title_slug(self, slug: str) -> Sequence[DirectoryProject]:
        """Projects whose titles have this slug, whatever slug of their own they have."""
        return _distinct(self._by_title_slug, slug)

    def allocations_of(self, project: str) -> Sequence[DirectoryAllocation]:
        """All allocations of the project of this id, in the order of `by_preference`."""
        return self._of_project.get(project, ())

    def requests_named(self, name: str) -> Sequence[OpenstackRequest]:
        """Requests by which a project may be called so in OpenStack; their projects are known."""
        return self._by_openstack_name.get(folded(name), ())


def _index(pairs: Iterable[tuple[str | None, _T]]) -> dict[str, list[_T]]:
    index: dict[str, list[_T]] = {}
    for text, record in pairs:
        if text:
            index.setdefault(text, []).append(record)
    return index


def _distinct(index: Mapping[str, list[_Record]], text: str) -> Sequence[_Record]:
    found = index.get(text, ())
    # A directory may hold a record twice, if it was found in two ways.
    return found if len(found) < 2 else list({record.id: record for record in found}.values())
