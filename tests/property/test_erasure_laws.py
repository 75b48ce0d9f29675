"""Laws of erasure: no name of the person is left, and nothing of what was used is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.events.erasure import erase
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.links import Correction, Link, UserMatch
from cscs_domain.events.persons import folded, is_about
from cscs_domain.events.stored import Person, StoredEvent
from cscs_domain.events.usage_sums import sums_of
from tests.events_site import NOW, an_event

NAMES = ["anna@x", "ANNA@X", "Żaneta", "bob", " bob ", "delta", "job", "erased", "jobname", "x"]
NAMES += ["İpek", "ΟΔΟΣ", "~/ΟΔΟΣ.txt", "/home/İPEK/bob", "anna@x-Żaneta_1", "Annabel", "9anna@x9"]
names = st.sampled_from(NAMES)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names | st.just("project"), json_values, max_size=4)
identities = st.lists(st.builds(EventIdentity, st.just("perun_username"), names), max_size=3)
links = st.builds(
    Link,
    user=st.sampled_from([None, "u1", "u2"]),
    project=st.sampled_from([None, "p1"]),
    user_match=st.sampled_from([None, UserMatch.PERUN_USERNAME]),
    sought_project=st.none() | names,
    sought_identity=st.none() | st.builds(EventIdentity, st.just("perun_username"), names),
)
events = st.builds(
    an_event, identities=identities, context=objects, extra=st.none() | objects, project_slug=names
)
persons = st.builds(
    Person,
    user=st.sampled_from([None, "u1"]),
    identities=st.frozensets(names.filter(lambda name: name != "erased"), max_size=3),
).map(folded)
stored_events = st.builds(StoredEvent, event_id=st.just(UUID(int=1)), event=events, link=links)
FREE = ("context", "extra", "project_slug")
ERASURE = Correction(by="op", at=NOW, reason="asked for")


def texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, item in value.items():
                yield key
                yield from texts(item)
        case list():
            for item in value:
                yield from texts(item)


def is_word_in(name: str, text: str) -> bool:
    """Whether a name of some length stands in a text, both lower-cased, as a word of its own."""
    # The last sigma of a word is another letter, and what is a word's end depends on what follows.
    name, text = (one.replace("ς", "Σ") for one in (name, text))
    name, text = (one.replace("\N{GREEK SMALL LETTER SIGMA}", "Σ") for one in (name, text))
    ends = [at for at in range(len(text) + 1) if text[:at].endswith(name)]
    edges = [(text[: end - len(name)][-1:], text[end:][:1]) for end in ends]
    return len(name) >= 4 and any(
        not before.isalnum() and not after.isalnum() for before, after in edges
    )


@given(stored_events, persons)
def test_no_name_of_the_person_is_left(stored: StoredEvent, person: Person) -> None:
    gone = erase(stored, person, ERASURE)

    wire = event_to_wire(gone.event)
    free = {text.lower() for name in FREE for text in texts(wire[name])}
    names = [*gone.event.identities, *filter(None, [gone.link.sought_identity])]
    assert not {text.strip() for text in free} & person.identities
    assert not {one.value.strip().lower() for one in names} & person.identities
    assert not {name for name in person.identities for text in free if is_word_in(name, text)}


@given(stored_events, persons)
def test_an_erased_event_is_no_longer_about_the_person(stored: StoredEvent, person: Person) -> None:
    gone = erase(stored, person, ERASURE)

    assert not is_about(attrs.evolve(stored, event=gone.event, link=gone.link), person)


@given(stored_events, persons)
def test_what_was_used_stays(stored: StoredEvent, person: Person) -> None:
    gone = erase(stored, person, ERASURE)

    assert sums_of(gone.event) == sums_of(stored.event)
    assert (gone.link.project, gone.link.allocation) == (stored.link.project, None)
    assert gone.key == stored.key


@given(stored_events, persons)
def test_to_erase_twice_is_to_erase_once(stored: StoredEvent, person: Person) -> None:
    once = erase(stored, person, ERASURE)
    again = erase(attrs.evolve(stored, event=once.event, link=once.link), person, ERASURE)

    assert (again.event.context, again.event.extra) == (once.event.context, once.event.extra)
    assert again.event.project_slug == once.event.project_slug
