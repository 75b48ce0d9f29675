"""An event without what tells whose it is. Source: DESIGN section 9; ADR 0022.

What was used stays, by project and allocation; who used it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import ErasedEvent, Person, StoredEvent

ERASED: Final = "erased"
"""What stands where somebody's name stood."""

_FREE_TEXT: Final = frozenset({"jobname"})
"""Of the context: people write into it what they like."""
_RULED: Final = frozenset({"event_id", "measure", "granularity"})
"""Of `extra`: words of ours, and never somebody's name."""


def erase(stored: StoredEvent, person: Person, correction: Correction) -> ErasedEvent:
    """The event without the person, who is folded (see `persons`).

    An event that is linked to nobody else loses all of its identities: they may be other names of
    the same person. The link is made by hand from then on, so that nobody is looked up again.
    """
    is_anothers = _is_anothers(stored.link, person)
    kept = tuple(
        identity
        for identity in stored.event.identities
        if is_anothers and identity.value.lower() not in person.identities
    )
    gone = {one.value.lower() for one in stored.event.identities if one not in kept}
    names = frozenset(name.strip() for name in person.identities | gone) - {""}
    return ErasedEvent(
        key=stored.key,
        revision=stored.revision,
        event=_without(stored.event, names, kept),
        link=_unlinked(stored.link, names, correction, is_anothers=is_anothers),
    )


def _is_anothers(link: Link, person: Person) -> bool:
    """Whether the event is linked to a user, and not because of one of the person's names."""
    if link.user is None or link.user == person.user:
        return False
    # Set by hand, the user need not be the one whose name was sought.
    sought = link.sought_identity if link.user_match is not None else None
    return sought is None or sought.value.lower() not in person.identities


def _without(
    event: ResourceUsageEvent, names: frozenset[str], kept: tuple[EventIdentity, ...]
) -> ResourceUsageEvent:
    context = {
        key: ERASED if key in _FREE_TEXT and value is not None else value
        for key, value in event.context.items()
    }
    slug = event.project_slug
    return attrs.evolve(
        event,
        identities=kept,
        project_slug=slug if slug is None else _text_without(slug, names),
        context=_object_without(context, names),
        extra=None if event.extra is None else _extra_without(event.extra, names),
    )


def _extra_without(extra: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    ruled = {key: value for key, value in extra.items() if key in _RULED}
    free = {key: value for key, value in extra.items() if key not in _RULED}
    return ruled | _object_without(free, names)


def _value_without(value: object, names: frozenset[str]) -> object:
    match value:
        case str():
            return _text_without(value, names)
        case list():
            return [_value_without(item, names) for item in value]
        case Mapping():
            return _object_without(value, names)
        case _:
            return value


def _object_without(value: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    made: dict[str, object] = {}
    for key, item in value.items():
        new = _text_without(key, names)
        while new in made or (new != key and new in value):
            new += "+"  # two people's names may be keys of one object
        made[new] = _value_without(item, names)
    return made


def _text_without(text: str, names: frozenset[str]) -> str:
    return ERASED if text.strip().lower() in names else text


def _unlinked(
    link: Link, names: frozenset[str], correction: Correction, *, is_anothers: bool
) -> Link:
    project, identity = link.sought_project, link.sought_identity
    is_named = identity is not None and identity.value.strip().lower() in names
    made = attrs.evolve(
        link,
        sought_project=project if project is None else _text_without(project, names),
        sought_identity=None if is_named else identity,
        correction=correction,
    )
    if is_anothers:
        return made
    gaps = tuple(gap for gap in link.gaps if not gap.is_of_user)
    return attrs.evolve(made, user=None, user_match=None, gaps=gaps)
