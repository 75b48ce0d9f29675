"""Entries of the directory as people name them: by id, or by a name that only one entry has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import attrs

from cscs_domain._text import some_of
from cscs_domain.errors import UnknownEntryError
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.directory import DirectoryQuery
from cscs_domain.events.directory_names import folded
from cscs_domain.events.directory_records import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
)
from cscs_domain.events.event import check_text
from cscs_domain.events.link_book import LinkBook


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


_E = TypeVar("_E", bound=_Entry)


@attrs.frozen(kw_only=True)
class EntryNames:
    """What somebody calls a user, a project and an allocation. Raises `InvalidValueError`."""

    user: str | None = None
    project: str | None = None
    allocation: str | None = None

    def __attrs_post_init__(self) -> None:
        for kind in ("user", "project", "allocation"):
            name = getattr(self, kind)
            if name is not None:
                check_text(kind, name, LONGEST_VALUE)

    def query(self) -> DirectoryQuery:
        """The one question that finds all of them."""
        users, projects, allocations = map(_set, (self.user, self.project, self.allocation))
        return DirectoryQuery(
            user_ids=users,
            external_ids=users,
            emails=frozenset(map(folded, users)),
            usernames=frozenset(map(folded, users)),
            project_ids=projects,
            titles=frozenset(folded(name.strip()) for name in projects),
            slugs=frozenset(map(folded, projects)),
            allocation_ids=allocations,
        )


def user_named(book: LinkBook, name: str) -> DirectoryUser:
    """The user of this id, or else of this `sub`, user name or e-mail address.

    Raises `UnknownEntryError` for none, and for several.
    """
    return _the_one("user", name, book.user(name), _users_named(book, name))


def find_user_named(book: LinkBook, name: str) -> DirectoryUser | None:
    """The same, but nobody where there is none."""
    by_id, named = book.user(name), _users_named(book, name)
    return _the_one("user", name, by_id, named) if by_id or named else None


def _users_named(book: LinkBook, name: str) -> list[DirectoryUser]:
    return [
        *book.users_by_external_id(name),
        *book.users_by_username(name),
        *book.users_by_email(name),
    ]


def project_named(book: LinkBook, name: str) -> DirectoryProject:
    """The project of this id, or else of this title or slug, or else of a title with this slug.

    Raises `UnknownEntryError`.
    """
    named = [*book.projects_by_title(name), *book.projects_by_slug(name)]
    named = named or [*book.projects_by_title_slug(folded(name))]
    return _the_one("project", name, book.project(name), named)


def allocation_named(book: LinkBook, name: str) -> DirectoryAllocation:
    """The allocation of this id. Raises `UnknownEntryError`."""
    return _the_one("allocation", name, book.allocation(name), [])


def _the_one(kind: str, name: str, by_id: _E | None, named: Sequence[_E]) -> _E:
    if by_id is not None:
        return by_id
    found = {entry.id: entry for entry in named}
    if len(found) > 1:
        raise UnknownEntryError(kind, name, f"may be any of {some_of(found)}: give the id")
    if not found:
        raise UnknownEntryError(kind, name)
    return next(iter(found.values()))


def _set(name: str | None) -> frozenset[str]:
    return frozenset() if name is None else frozenset({name})
