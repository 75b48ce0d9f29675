"""Whose usage an event is: what was found, how, and what was not. Usage events contract, 4.1."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from cscs_domain.events.event import EventIdentity

RESOLVER_VERSION: Final = 1
"""Raised whenever the rules of `linking` change, so that links of older rules can be told."""


class UserMatch(StrEnum):
    """The scheme of the identity by which a user was found."""

    OIDC_SUB = "oidc_sub"
    USER_EMAIL = "user_email"
    PERUN_USERNAME = "perun_username"
    PERUN_USER = "perun_user"


class ProjectMatch(StrEnum):
    """How a project was found."""

    OPENSTACK_REQUEST = "openstack_allocation_request"
    DEFAULT_PROJECT = "default_project"
    TITLE = "title_match"
    SLUG = "slug_match"


class AllocationMatch(StrEnum):
    """How an allocation was found."""

    OPENSTACK_REQUEST = "openstack_allocation_request"
    PROJECT_LATEST = "project_allocation_latest"


class LinkGap(StrEnum):
    """Why something that an event speaks of could not be found."""

    UNKNOWN_USER = "unknown_user"
    """No user has an identity of the event."""
    AMBIGUOUS_USER = "ambiguous_user"
    """Several users have it."""
    UNKNOWN_SCHEME = "unknown_scheme"
    """The event has identities, but of no scheme that can be looked up."""
    UNKNOWN_PROJECT = "unknown_project"
    """No project has the name."""
    AMBIGUOUS_PROJECT = "ambiguous_project"
    """Several projects have it."""
    NO_DEFAULT_PROJECT = "no_default_project"
    """A personal project, but of an unknown user, or of one who has none."""
    NO_PROJECT_NAME = "no_project_name"
    """The event names no project."""
    NO_ALLOCATION = "no_allocation"
    """The project has no allocation that overlaps the window."""

    @property
    def is_of_user(self) -> bool:
        """Whether the user is what is missing."""
        return self in {self.UNKNOWN_USER, self.AMBIGUOUS_USER, self.UNKNOWN_SCHEME}

    @property
    def is_of_project(self) -> bool:
        """Whether the project is what is missing."""
        return not self.is_of_user and self is not self.NO_ALLOCATION


class LinkState(StrEnum):
    """How much of what an event speaks of was found. An allocation does not count."""

    RESOLVED = "resolved"
    PARTIAL = "partial"
    UNRESOLVED = "unresolved"


@attrs.frozen(kw_only=True)
class Correction:
    """Who set a link by hand, when and why. Such a link is kept when links are made again.

    Without `by` and `reason` it is one of which no more is told than that it is there.
    """

    by: str
    at: datetime
    reason: str


@attrs.frozen(kw_only=True)
class Link:
    """Ids of the directory, each with how it was found; what is missing stands in `gaps`.

    `sought_project` and `sought_identity` are what the event was looked up by, for people who
    mend the directory.
    """

    user: str | None = None
    project: str | None = None
    allocation: str | None = None
    user_match: UserMatch | None = None
    project_match: ProjectMatch | None = None
    allocation_match: AllocationMatch | None = None
    gaps: tuple[LinkGap, ...] = ()
    sought_project: str | None = None
    sought_identity: EventIdentity | None = None
    resolver_version: int = RESOLVER_VERSION
    correction: Correction | None = None

    @property
    def is_manual(self) -> bool:
        """Whether somebody set it by hand."""
        return self.correction is not None

    @property
    def state(self) -> LinkState:
        """How much was found. A link made by hand is resolved: somebody looked at it."""
        if self.is_manual or not any(gap is not LinkGap.NO_ALLOCATION for gap in self.gaps):
            return LinkState.RESOLVED
        found = self.user is not None or self.project is not None
        return LinkState.PARTIAL if found else LinkState.UNRESOLVED
