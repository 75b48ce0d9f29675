"""Persons whose data are asked for, and which events tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.entries import EntryNames, user_named
from cscs_domain.events.event import check_text
from cscs_domain.events.stored import LinkedEvent, Person

if TYPE_CHECKING:
    from cscs_domain.ports import Directory


async def person_of(
    directory: Directory, *, user: str | None = None, identities: Iterable[str] = ()
) -> Person:
    """The user with all that the directory knows of them, and these identities of theirs.

    Whoever has left the directory is found by identities alone: values of any scheme. Raises
    `UnknownEntryError`, `InvalidValueError` if nobody is named, and `UpstreamServiceError`.
    """
    values = set(identities)
    for value in values:
        check_text("identity", value, LONGEST_VALUE)
    if user is None:
        if not values:
            raise InvalidValueError("person", shown(None), "needs a user or an identity")
        return folded(Person(identities=frozenset(values)))
    known = await directory.find(EntryNames(user=user).query())
    found = user_named(known.book, user)
    named = filter(None, (found.external_id, found.email, found.username))
    return folded(Person(user=found.id, identities=frozenset(values.union(named))))


def folded(person: Person) -> Person:
    """The person with lower-cased identities."""
    return attrs.evolve(person, identities=frozenset(map(str.lower, person.identities)))


def is_about(linked: LinkedEvent, person: Person) -> bool:
    """Whether the event is linked to the user, or names one of the identities in any scheme."""
    if person.user is not None and linked.link.user == person.user:
        return True
    sought = folded(person).identities
    return any(identity.value.lower() in sought for identity in linked.event.identities)
