"""Finding the user of an event. Usage events contract, section 4.1, step 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from cscs_domain.events.directory_names import folded
from cscs_domain.events.directory_records import DirectoryUser
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.links import LinkGap, UserMatch

_BY_PRIORITY: Final = (
    UserMatch.OIDC_SUB,
    UserMatch.USER_EMAIL,
    UserMatch.PERUN_USERNAME,
    UserMatch.PERUN_USER,
)


@attrs.frozen
class FoundUser:
    """The user with the scheme that told, or the gap; and the identity that was looked up."""

    user: DirectoryUser | None = None
    match: UserMatch | None = None
    gap: LinkGap | None = None
    identity: EventIdentity | None = None


def identities_to_try(event: ResourceUsageEvent) -> list[tuple[UserMatch, EventIdentity]]:
    """The first identity of each scheme that can be looked up, the scheme of most trust first."""
    first: dict[str, EventIdentity] = {}
    for identity in event.identities:
        first.setdefault(identity.scheme, identity)
    return [(match, first[match]) for match in _BY_PRIORITY if match in first]


def sought_text(match: UserMatch, identity: EventIdentity) -> str:
    """What a user is looked up by: no blanks at the ends, and lower case but for a `sub`."""
    text = identity.value.strip()
    return text if match is UserMatch.OIDC_SUB else folded(text)


def find_user(event: ResourceUsageEvent, book: LinkBook) -> FoundUser:
    """The one user of the first identity that anybody has; several users of it are nobody."""
    if not event.identities:
        return FoundUser()
    tried = identities_to_try(event)
    if not tried:
        return FoundUser(gap=LinkGap.UNKNOWN_SCHEME, identity=event.identities[0])
    for match, identity in tried:
        found = _users_of(book, match, sought_text(match, identity))
        if len(found) == 1:
            return FoundUser(found[0], match, identity=identity)
        if found:
            return FoundUser(gap=LinkGap.AMBIGUOUS_USER, identity=identity)
    return FoundUser(gap=LinkGap.UNKNOWN_USER, identity=tried[0][1])


def _users_of(book: LinkBook, match: UserMatch, text: str) -> Sequence[DirectoryUser]:
    if match is UserMatch.OIDC_SUB:
        return book.users_by_external_id(text)
    if match is UserMatch.USER_EMAIL:
        return book.users_by_email(text)
    return book.users_by_username(text)
