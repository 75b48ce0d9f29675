"""Answer a person's request for their data: every event that tells of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from cscs_domain.events.event_walk import chunks_of
from cscs_domain.events.further_identities import FurtherIdentities
from cscs_domain.events.stored import EventFilter, Person
from cscs_domain.events.stored_wire import stored_event_to_wire

if TYPE_CHECKING:
    from cscs_domain.ports import UsageEventStore


async def export_person(
    person: Person, *, store: UsageEventStore, further: FurtherIdentities | None = None
) -> AsyncIterator[dict[str, object]]:
    """The events in the order of their windows, as plain JSON values with ids and links.

    `persons.person_of` tells who the person is, and `further` gathers what else they may be called.
    Raises `UpstreamServiceError`.
    """
    async for chunk in chunks_of(store, EventFilter(person=person)):
        for stored in chunk:
            if further is not None:
                further.note(stored)
            yield stored_event_to_wire(stored)
