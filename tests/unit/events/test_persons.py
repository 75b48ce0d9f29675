"""Who a person is: found in the directory or named, and what else they may be called."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import InvalidValueError, UnknownEntryError
from cscs_domain.events.directory import DirectoryUser, KnownDirectory
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.further_identities import MOST_FURTHER, FurtherIdentities
from cscs_domain.events.links import Link, UserMatch
from cscs_domain.events.persons import FoundPerson, is_about, person_of
from cscs_domain.events.stored import Person, StoredEvent
from cscs_fakes.directory import FakeDirectory
from tests.events_site import an_event, linked, mail

pytestmark = pytest.mark.anyio

ANNA = DirectoryUser(id="u1", external_id="Sub-1", email=" Anna@X ", username="anovak")
KNOWN = KnownDirectory(users=(ANNA,))
PERSON = Person(user="u1", identities=frozenset({"sub-1", "anna@x", "anovak"}))


async def test_a_user_is_a_person_with_all_that_the_directory_knows() -> None:
    found = await person_of(FakeDirectory(KNOWN), user="anovak", identities=[" Other@Y\t"])

    person = attrs.evolve(PERSON, identities=PERSON.identities | {"other@y"})
    assert found == FoundPerson(person=person, in_directory=True)


async def test_whoever_left_the_directory_is_found_by_identities() -> None:
    directory = FakeDirectory()

    found = await person_of(directory, identities=["Anna@X"])

    assert found.person == Person(identities=frozenset({"anna@x"}))
    assert directory.finds == 0


async def test_a_user_who_left_the_directory_is_found_by_the_id_of_links() -> None:
    found = await person_of(FakeDirectory(KNOWN), user="u9", identities=["bob"])

    assert found == FoundPerson(person=Person(user="u9", identities=frozenset({"bob"})))


async def test_a_name_that_several_users_have_is_nobody_s() -> None:
    twin = attrs.evolve(ANNA, id="u2")

    with pytest.raises(UnknownEntryError, match="give the id"):
        await person_of(FakeDirectory(KnownDirectory(users=(ANNA, twin))), user="anovak")


async def test_nobody_is_no_person() -> None:
    with pytest.raises(InvalidValueError, match="needs a user or an identity"):
        await person_of(FakeDirectory(KNOWN))
    for identity in ("", " "):
        with pytest.raises(InvalidValueError, match="identity"):
            await person_of(FakeDirectory(KNOWN), user="u1", identities=[identity])


@pytest.mark.parametrize(
    ("kept", "sought", "is_hers"),
    [(" ANNA@x ", "anna@x", True), ("anna@x", "\tAnna@X", True), (" ", " ", False)],
)
def test_neither_case_nor_blanks_around_a_name_matter(
    kept: str, sought: str, *, is_hers: bool
) -> None:
    person = Person(identities=frozenset({sought}))

    assert is_about(linked(an_event(identities=[mail(kept)])), person) == is_hers


def stored(*identities: EventIdentity, link: Link | None = None) -> StoredEvent:
    event = an_event(identities=identities)
    return StoredEvent(event_id=UUID(int=1), event=event, link=link or Link())


def test_identities_beside_those_of_the_person_are_gathered_once_each() -> None:
    further = FurtherIdentities(Person(identities=frozenset({" ANovak"})))

    further.note(stored(EventIdentity("perun_username", "anovak"), mail("Anna@X"), mail("b@x")))
    further.note(stored(mail("anna@x "), EventIdentity("badge", "anna@x"), mail("  ")))

    assert further.listed == (EventIdentity("badge", "anna@x"), mail("Anna@X"), mail("b@x"))


def test_identities_on_events_of_other_users_are_not_the_person_s() -> None:
    further = FurtherIdentities(PERSON)
    bobs = Link(user="u2", user_match=UserMatch.USER_EMAIL, sought_identity=mail("bob@x"))

    further.note(stored(mail("bob@x"), mail("anna@x"), link=bobs))

    assert further.listed == ()


def test_no_more_identities_are_gathered_than_people_can_read() -> None:
    further = FurtherIdentities(PERSON)
    for number in range(MOST_FURTHER + 1):
        further.note(stored(mail(f"m{number}@x")))

    assert len(further.listed) == MOST_FURTHER
