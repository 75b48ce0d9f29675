"""What a link becomes when somebody corrects it. Source: DESIGN section 5; ADR 0022."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError, UnknownEntryError
from cscs_domain.events.allocation_choice import choose_allocation
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.entries import EntryNames, allocation_named, project_named, user_named
from cscs_domain.events.event import ResourceUsageEvent, check_text
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.links import AllocationMatch, Correction, Link, LinkGap


class LeftOut(Enum):
    """Neither a name nor none: what the link has stays."""

    LEFT_OUT = "left out"


LEFT_OUT: Final = LeftOut.LEFT_OUT

Choice: TypeAlias = str | LeftOut | None
"""A name of the directory, none at all, or left out."""


def check_reason(reason: str) -> str:
    """The reason without blanks at its ends. Raises `InvalidValueError` if nothing is left."""
    check_text("reason", reason, LONGEST_VALUE)
    if not (trimmed := reason.strip()):
        raise InvalidValueError("reason", shown(reason), "is blank")
    return trimmed


@attrs.frozen(kw_only=True)
class CorrectionRequest:
    """What a link should lead to, and why. With all left out, the link is confirmed as it is.

    Users are named by id, `sub`, user name or e-mail address, projects by id, title or slug,
    allocations by id. Raises `InvalidValueError`.
    """

    reason: str = attrs.field(converter=check_reason)
    user: Choice = LEFT_OUT
    project: Choice = LEFT_OUT
    allocation: Choice = LEFT_OUT
    names: EntryNames = attrs.field(init=False, repr=False)

    @names.default
    def _named(self) -> EntryNames:
        return EntryNames(
            user=_name(self.user), project=_name(self.project), allocation=_name(self.allocation)
        )

    def __attrs_post_init__(self) -> None:
        if self.project is None and isinstance(self.allocation, str):
            reason = "cannot be without a project: name one, or leave it out"
            raise InvalidValueError("allocation", shown(self.allocation), reason)


LinkRule: TypeAlias = Callable[[ResourceUsageEvent, Link], Link]
"""Makes a link of an event and of the link that it has."""


def correcting(request: CorrectionRequest, book: LinkBook, correction: Correction) -> LinkRule:
    """How to correct a link.

    The book knows what the request names. A project that changes without an allocation gets one by
    the rule for links that are made automatically; an allocation brings its project along where
    there is none. Raises `UnknownEntryError` here for a name that is not in the directory, and
    the rule does for an allocation of another project.
    """
    user = None if not isinstance(request.user, str) else user_named(book, request.user).id
    name = request.project
    project = None if not isinstance(name, str) else project_named(book, name).id

    def correct(event: ResourceUsageEvent, link: Link) -> Link:
        made = link if request.user is LEFT_OUT else _with_user(link, user)
        if request.project is not LEFT_OUT:
            made = _with_project(made, project)
        if request.allocation is not LEFT_OUT:
            made = _with_allocation(made, request.allocation, book)
        elif made.project != link.project:
            made = _with_chosen_allocation(made, event, book)
        return attrs.evolve(made, correction=correction)

    return correct


def _with_user(link: Link, user: str | None) -> Link:
    gaps = tuple(gap for gap in link.gaps if not gap.is_of_user)
    return attrs.evolve(link, user=user, user_match=None, gaps=gaps)


def _with_project(link: Link, project: str | None) -> Link:
    if project == link.project:
        gaps = tuple(gap for gap in link.gaps if not gap.is_of_project)
        return attrs.evolve(link, gaps=gaps)
    return attrs.evolve(
        link,
        project=project,
        project_match=None,
        allocation=None,
        allocation_match=None,
        gaps=tuple(gap for gap in link.gaps if gap.is_of_user),
    )


def _with_chosen_allocation(link: Link, event: ResourceUsageEvent, book: LinkBook) -> Link:
    if link.project is None:
        return link
    preferred = book.allocations_of(link.project)
    chosen = choose_allocation(preferred, event.time_window_start, event.time_window_end)
    if chosen is None:
        return attrs.evolve(link, gaps=(*link.gaps, LinkGap.NO_ALLOCATION))
    match = AllocationMatch.PROJECT_LATEST
    return attrs.evolve(link, allocation=chosen.id, allocation_match=match)


def _with_allocation(link: Link, name: str | None, book: LinkBook) -> Link:
    gaps = tuple(gap for gap in link.gaps if gap is not LinkGap.NO_ALLOCATION)
    made = attrs.evolve(link, allocation=None, allocation_match=None, gaps=gaps)
    if name is None:
        return made
    allocation = allocation_named(book, name)
    if made.project not in {None, allocation.project}:
        reason = f"is of project {shown(allocation.project)}, the link of {shown(made.project)}"
        raise UnknownEntryError("allocation", name, f"{reason}: name the project as well")
    return attrs.evolve(_with_project(made, allocation.project), allocation=allocation.id)


def _name(choice: Choice) -> str | None:
    return choice if isinstance(choice, str) else None
