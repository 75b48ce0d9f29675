"""What else a person may be called: identities that stand beside theirs."""

from __future__ import annotations

from typing import Final

import attrs

from cscs_domain.events.event import EventIdentity
from cscs_domain.events.persons import folded, folded_name, is_of_another
from cscs_domain.events.stored import Person, StoredEvent

MOST_FURTHER: Final = 100
"""Identities that are told of."""


@attrs.define
class FurtherIdentities:
    """Gathers the identities on a person's events that are none of the names asked for.

    They may be other names of the person, under which more events are found. Nobody but people
    can tell: an event may name several persons. What is linked to another user is left out.
    """

    _person: Person = attrs.field(converter=folded)
    _found: dict[tuple[str, str], EventIdentity] = attrs.field(factory=dict, init=False)

    def note(self, stored: StoredEvent) -> None:
        """Look at an event of the person."""
        if is_of_another(stored.link, self._person):
            return
        for identity in stored.event.identities:
            name = folded_name(identity.value)
            if name and name not in self._person.identities and len(self._found) < MOST_FURTHER:
                self._found.setdefault((identity.scheme, name), identity)

    @property
    def listed(self) -> tuple[EventIdentity, ...]:
        """Each once, by scheme and name; at most `MOST_FURTHER`."""
        return tuple(self._found[key] for key in sorted(self._found))
