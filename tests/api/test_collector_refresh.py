"""What happens behind a batch: sums after the last one, daily chores, the end of it all."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from structlog.testing import capture_logs

from cscs_api.app import create_app
from cscs_api.collector_refresh import SumsRefresher
from cscs_domain.errors import StoreUnavailableError
from cscs_fakes.usage_event_store import FakeUsageEventStore
from tests.api.events_site import EVENTS, OPEN, batch, events_site
from tests.events_site import ZURICH

DOWN = StoreUnavailableError("the event store", "is away")


class SlowStore(FakeUsageEventStore):
    """Refreshes when it is let."""

    def __init__(self) -> None:
        super().__init__(ZURICH)
        self.begun = 0
        self.go_on = asyncio.Event()

    async def refresh(self) -> int:
        self.begun += 1
        await self.go_on.wait()
        return await super().refresh()


async def settle() -> None:
    """Let tasks that were begun go on as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_last_batch_has_sums_recomputed() -> None:
    async with events_site() as site:
        await settle()  # the daily chores, which recompute sums as well
        await site.send(batch(EVENTS[:5]))
        await settle()
        assert site.store.book.touched

        response = await site.send(batch(EVENTS[5:], is_last_batch=True))
        await settle()
        assert response.status_code == 201
        assert not site.store.book.touched


async def test_a_refresh_that_fails_is_logged_and_not_told_to_the_collector() -> None:
    store = FakeUsageEventStore(ZURICH)
    store.fail_with(DOWN)
    refresher = SumsRefresher(store)
    with capture_logs() as lines:
        refresher.begin()
        await settle()

    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("sums_not_refreshed", "warning")
    ]


async def test_a_refresh_that_crashes_is_logged_with_its_traceback() -> None:
    class BrokenStore(FakeUsageEventStore):
        async def refresh(self) -> int:
            raise ZeroDivisionError

    refresher = SumsRefresher(BrokenStore(ZURICH))
    with capture_logs() as lines:
        refresher.begin()
        await settle()

    assert [(line["event"], line["exc_info"]) for line in lines] == [("sums_not_refreshed", True)]


async def test_one_refresh_runs_and_what_came_meanwhile_is_done_in_one_more() -> None:
    store = SlowStore()
    refresher = SumsRefresher(store)
    for _ in range(5):
        refresher.begin()
        await settle()
    assert store.begun == 1

    store.go_on.set()
    await settle()
    assert store.begun == 2

    refresher.begin()
    await settle()
    assert store.begun == 3


async def test_the_end_ends_a_refresh_under_way() -> None:
    store = SlowStore()
    refresher = SumsRefresher(store)
    refresher.begin()
    await settle()
    await refresher.close()
    await settle()

    assert store.begun == 1


@pytest.mark.parametrize("is_away", [False, True])
async def test_the_store_is_maintained_from_the_start_and_closed_at_the_end(
    is_away: bool,
) -> None:
    calls: list[str] = []

    class Watched(FakeUsageEventStore):
        async def maintain(self, *, at: object) -> None:
            del at
            calls.append("maintain")
            if is_away:
                raise DOWN

        async def close(self) -> None:
            calls.append("close")

    async with events_site() as site:
        service = attrs.evolve(site.service, store=Watched(ZURICH))
        app = create_app(OPEN, events=service)
        with capture_logs():
            async with app.router.lifespan_context(app):
                await settle()

    assert calls == ["maintain", "close"]
