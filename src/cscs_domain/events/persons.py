"""Persons whose data are asked for, and which events tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import LONGEST_VALUE
from cscs_domain.events.entries import EntryNames, find_user_named
from cscs_domain.events.event import check_text
from cscs_domain.events.links import Link
from cscs_domain.events.stored import LinkedEvent, Person

if TYPE_CHECKING:
    from cscs_domain.ports import Directory


@attrs.frozen(kw_only=True)
class FoundPerson:
    """A person, and whether the directory knows them: if not, they have the names given alone."""

    person: Person
    in_directory: bool = False


async def person_of(
    directory: Directory, *, user: str | None = None, identities: Iterable[str] = ()
) -> FoundPerson:
    """The user with all that the directory knows of them, and these identities of theirs.

    Identities are values of any scheme. A user whom the directory does not know may have left it:
    the name is taken for the id that links have. Raises `UnknownEntryError` for a name that
    several users have, `InvalidValueError` if nobody is named, and `UpstreamServiceError`.
    """
    values = {_checked(value) for value in identities}
    if user is None:
        if not values:
            raise InvalidValueError("person", shown(None), "needs a user or an identity")
        return FoundPerson(person=folded(Person(identities=frozenset(values))))
    known = await directory.find(EntryNames(user=user).query())
    found = find_user_named(known.book, user)
    if found is None:
        return FoundPerson(person=folded(Person(user=user, identities=frozenset(values))))
    named = filter(None, (found.external_id, found.email, found.username))
    person = folded(Person(user=found.id, identities=frozenset(values.union(named))))
    return FoundPerson(person=person, in_directory=True)


def folded_name(text: str) -> str:
    """A name as it is compared here: in lower case, without blanks at its ends."""
    return text.strip().lower()


def folded(person: Person) -> Person:
    """The person with folded identities, without those of blanks alone."""
    names = frozenset(map(folded_name, person.identities))
    return attrs.evolve(person, identities=names - {""})


def is_about(linked: LinkedEvent, person: Person) -> bool:
    """Whether the event is linked to the user, or names one of the identities in any scheme."""
    if person.user is not None and linked.link.user == person.user:
        return True
    sought = folded(person).identities
    return any(folded_name(identity.value) in sought for identity in linked.event.identities)


def is_of_another(link: Link, person: Person) -> bool:
    """Whether a link leads to a user, and not because of a name of the person, who is folded."""
    if link.user is None or link.user == person.user:
        return False
    # Set by hand, the user need not be the one whose name was sought.
    sought = link.sought_identity if link.user_match is not None else None
    return sought is None or folded_name(sought.value) not in person.identities


def _checked(identity: str) -> str:
    check_text("identity", identity, LONGEST_VALUE)
    if not identity.strip():
        raise InvalidValueError("identity", shown(identity), "is blank")
    return identity
