"""Events older than what the store keeps are not taken in."""

from __future__ import annotations

from datetime import timedelta

from cscs_bootstrap.events_retention import Retention
from cscs_domain.errors import StoreUnavailableError
from tests.api.events_site import EVENTS, batch, changed, events_site
from tests.events_site import NOW

LENGTH = timedelta(days=400)
TOO_OLD = "2025-10-01T00:00:00Z"


async def _yes() -> bool:
    return True


async def _away() -> bool:
    raise StoreUnavailableError("the event store", "at 192.0.2.1 is away")


async def test_an_event_that_would_be_deleted_is_refused_alone() -> None:
    old = changed(EVENTS[0], time_window_start=TOO_OLD)
    async with events_site() as site:
        site.service.retention = Retention(LENGTH, _yes)
        refused = await site.send(batch([old, EVENTS[1]]))
        taken = await site.send(batch([old, EVENTS[1]]), "?partial=true")

    assert refused.status_code == 400
    (message,) = refused.json()["message"]
    bound = (NOW - LENGTH).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"events.0.time_window_start must not be before {bound}" in message
    assert (taken.status_code, taken.json()["stored"]) == (201, 1)


async def test_as_long_as_nobody_knows_what_is_kept_nothing_is_taken_in() -> None:
    async with events_site() as site:
        site.service.retention = Retention(LENGTH, _away)
        answer = await site.send(batch(EVENTS))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "192.0.2.1" not in answer.text
