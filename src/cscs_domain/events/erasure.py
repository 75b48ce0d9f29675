"""An event without what tells whose it is. Source: DESIGN section 9; ADR 0022.

What was used stays, by project and allocation; who used it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import LONGEST_NAME
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import Correction, Link
from cscs_domain.events.name_masks import ERASED, NameMask
from cscs_domain.events.persons import folded_name, is_of_another
from cscs_domain.events.stored import ErasedEvent, Person, StoredEvent

_FREE_TEXT: Final = frozenset({"jobname"})
"""Of the context: people write into it what they like."""
_RULED: Final = frozenset({"event_id", "measure", "granularity"})
"""Of `extra`: words of ours, and never somebody's name."""


def erase(stored: StoredEvent, person: Person, correction: Correction) -> ErasedEvent:
    """The event without the person, who is folded (see `persons`).

    An event that is linked to the person loses all of its identities, and so does one that is
    linked to nobody and may name one person alone: they may be other names of the same. One that
    is linked to somebody else, or to nobody and names several people, keeps those of the others.
    The link is made by hand from then on, so that nobody is looked up again.
    """
    identities = stored.event.identities
    kept = () if _is_theirs_alone(stored, person) else _without_names_of(person, identities)
    gone = {folded_name(one.value) for one in identities if one not in kept}
    mask = NameMask((person.identities | gone) - {""})
    return ErasedEvent(
        key=stored.key,
        revision=stored.revision,
        event=_without(stored.event, mask, kept),
        link=_unlinked(
            stored.link, mask, correction, is_anothers=is_of_another(stored.link, person)
        ),
    )


def _is_theirs_alone(stored: StoredEvent, person: Person) -> bool:
    if stored.link.user is not None:
        return not is_of_another(stored.link, person)
    identities = stored.event.identities
    names_person = len(_without_names_of(person, identities)) < len(identities)
    return names_person and not _are_of_several(identities)


def _without_names_of(
    person: Person, identities: Sequence[EventIdentity]
) -> tuple[EventIdentity, ...]:
    return tuple(one for one in identities if folded_name(one.value) not in person.identities)


def _are_of_several(identities: Sequence[EventIdentity]) -> bool:
    """Whether two are of one scheme, in which a person has one name."""
    names = {(one.scheme, folded_name(one.value)) for one in identities}
    return len(names) > len({scheme for scheme, _ in names})


def _without(
    event: ResourceUsageEvent, mask: NameMask, kept: tuple[EventIdentity, ...]
) -> ResourceUsageEvent:
    slug = None if event.project_slug is None else _name_without(event.project_slug, mask)
    nameless = attrs.evolve(event, identities=kept, project_slug=slug, context={}, extra=None)
    context = {
        key: ERASED if key in _FREE_TEXT and value is not None else value
        for key, value in event.context.items()
    }
    extra = event.extra
    try:
        return attrs.evolve(
            nameless,
            context=mask.object(context),
            extra=None if extra is None else _ruled(extra) | mask.object(_free(extra)),
        )
    except InvalidValueError:
        # `ERASED` is longer than some names: the rest is more than an event may hold, and goes.
        return attrs.evolve(nameless, extra=None if extra is None else _ruled(extra))


def _ruled(extra: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in extra.items() if key in _RULED}


def _free(extra: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in extra.items() if key not in _RULED}


def _name_without(name: str, mask: NameMask) -> str:
    return mask.text(name)[:LONGEST_NAME]


def _unlinked(link: Link, mask: NameMask, correction: Correction, *, is_anothers: bool) -> Link:
    project, identity = link.sought_project, link.sought_identity
    is_named = identity is not None and folded_name(identity.value) in mask.names
    made = attrs.evolve(
        link,
        sought_project=None if project is None else _name_without(project, mask),
        sought_identity=None if is_named else identity,
        gaps=tuple(gap for gap in link.gaps if not gap.is_of_user),
        correction=correction,
    )
    return made if is_anothers else attrs.evolve(made, user=None, user_match=None)
