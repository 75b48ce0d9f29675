"""What stores of usage events promise about one id in many windows."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from cscs_domain.events.links import Link
from cscs_domain.events.stored import MOST_A_PAGE, LinkChange, LinkedEvent
from cscs_domain.ports import UsageEventStore
from tests.events_site import NOW, START, an_event, at, everything, linked

pytestmark = pytest.mark.anyio

AN_HOUR = timedelta(hours=1)


def windows(count: int) -> list[LinkedEvent]:
    """Events of one id, an hour each."""
    begins = (at(START) + number * AN_HOUR for number in range(count))
    return [linked(an_event(begin.isoformat())) for begin in begins]


async def test_of_an_id_in_many_windows_the_oldest_come(store: UsageEventStore) -> None:
    batch = windows(MOST_A_PAGE + 2)
    await store.store(batch, at=NOW)

    found = await store.events(UUID(int=1))

    assert [stored.key for stored in found] == [one.key for one in batch[:MOST_A_PAGE]]


async def test_windows_of_one_id_are_stored_and_linked_each_by_itself(
    store: UsageEventStore,
) -> None:
    first, second, third = windows(3)
    await store.store([first, second], at=NOW)

    outcome = await store.store([second, third], at=NOW)
    change = LinkChange(key=second.key, revision=1, link=Link(project="p2"))
    put = await store.relink([change], at=NOW)

    assert (outcome.stored, outcome.duplicates, put) == (1, 1, 1)
    assert [stored.link.project for stored in await everything(store)] == [None, "p2", None]
