"""A batch on its way in: ids, links, and both into the store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryProject, KnownDirectory
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.ingest_events import ingest_events
from cscs_domain.events.stored import EventFilter
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.events_site import NOW, ZURICH, an_event

GLACIER = KnownDirectory(projects=(DirectoryProject(id="p1", title="Glacier"),))


async def test_events_are_stored_under_their_ids_with_their_links() -> None:
    store, directory = FakeUsageEventStore(ZURICH), FakeDirectory(GLACIER)
    event = an_event(context={"project": "glacier"})

    outcome = await ingest_events([event], store=store, directory=directory, at=NOW)

    (stored,) = await store.page(EventFilter(), limit=10)
    assert (outcome.stored, stored.event_id) == (1, event_id_of(event))
    assert stored.link.project == "p1"


async def test_a_batch_asks_the_directory_once_whatever_its_size() -> None:
    store, directory = FakeUsageEventStore(ZURICH), FakeDirectory(GLACIER)
    events = [an_event(cpu=number, context={"project": f"p{number}"}) for number in range(1200)]

    outcome = await ingest_events(events, store=store, directory=directory, at=NOW)

    assert (outcome.stored, directory.finds) == (1200, 1)


async def test_others_get_a_turn_while_a_large_batch_is_linked() -> None:
    store, directory = FakeUsageEventStore(ZURICH), FakeDirectory(GLACIER)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    events = [an_event(cpu=number) for number in range(2_000)]
    other = asyncio.create_task(count_turns())
    await ingest_events(events, store=store, directory=directory, at=NOW)
    other.cancel()

    assert turns >= 3


async def test_the_same_events_again_are_duplicates_and_newer_ones_replace() -> None:
    store, directory = FakeUsageEventStore(ZURICH), FakeDirectory(GLACIER)
    event = an_event(cpu=7)
    newer = an_event(cpu=7, collected="2025-11-21T00:00Z")

    await ingest_events([event], store=store, directory=directory, at=NOW)
    again = await ingest_events([event], store=store, directory=directory, at=NOW)
    replaced = await ingest_events(
        [newer], store=store, directory=directory, at=NOW + timedelta(hours=1)
    )

    assert (again.stored, again.duplicates) == (0, 1)
    assert (replaced.stored, replaced.replaced) == (0, 1)


async def test_nothing_is_stored_while_the_directory_is_away() -> None:
    store, directory = FakeUsageEventStore(ZURICH), FakeDirectory(GLACIER)
    directory.fail_with(UpstreamServiceError("the directory", "does not answer"))

    with pytest.raises(UpstreamServiceError):
        await ingest_events([an_event()], store=store, directory=directory, at=NOW)

    assert await store.page(EventFilter(), limit=10) == []
