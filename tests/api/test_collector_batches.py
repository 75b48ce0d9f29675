"""Batches that are taken in: what is stored, counted and answered. Usage events contract, 2."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.events_site import (
    EVENTS,
    INVALID,
    OTHER_KEY,
    SAMPLE,
    EventsSite,
    batch,
    changed,
    events_site,
)


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    async with events_site() as made:
        yield made


def counts(answer: dict[str, object]) -> tuple[object, ...]:
    """received, stored, duplicates, replaced."""
    return tuple(answer[name] for name in ("received", "stored", "duplicates", "replaced"))


async def test_the_sample_is_stored_whole(site: EventsSite) -> None:
    response = await site.send(batch(**SAMPLE))

    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "received": 22,
        "message": "Events successfully processed",
        "stored": 22,
        "duplicates": 0,
        "replaced": 0,
        "rejected": [],
        "request_id": response.headers["x-request-id"],
    }
    assert len(site.store.book.events) == 22


async def test_sent_again_everything_is_a_duplicate(site: EventsSite) -> None:
    await site.send_sample()
    response = await site.send(batch(EVENTS))

    assert response.status_code == 201
    assert counts(response.json()) == (22, 0, 22, 0)


async def test_a_newer_collection_replaces(site: EventsSite) -> None:
    await site.send_sample()
    newer = changed(EVENTS[0], collected_at="2025-11-20T00:00:00Z", metric_cpu_time_seconds=7)
    response = await site.send(batch([newer, EVENTS[1]]))

    assert counts(response.json()) == (2, 0, 1, 1)


async def test_a_batch_may_be_empty(site: EventsSite) -> None:
    response = await site.send(b'{"events": []}')

    assert response.status_code == 201
    assert counts(response.json()) == (0, 0, 0, 0)


async def test_unknown_members_and_null_for_optional_ones_are_taken(site: EventsSite) -> None:
    odd = changed(EVENTS[0], surprise=1, extra=None, identities=None, schema_version=None)
    response = await site.send(batch([odd], is_last_batch=None, more=[1]))

    assert response.status_code == 201


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["why"])
async def test_each_invalid_event_of_the_sample_is_refused_with_its_message(
    site: EventsSite, case: dict[str, object]
) -> None:
    response = await site.send(batch([case["event"]]))
    body = response.json()
    if case["why"] == "source unknown to the reference API":  # we know slurm
        assert response.status_code == 201
        return

    assert response.status_code == 400
    assert body["error"] == "Bad Request"
    assert body["statusCode"] == 400
    assert [message.partition(" must")[0] for message in body["message"]] == [
        {
            "negative counter": "events.0.metrics.cpu_time_seconds",
            "fractional bytes": "events.0.metrics.ram_bytes_used",
            "empty window": "events.0.time_window_end",
            "no UTC offset": "events.0.time_window_start",
            "context missing": "events.0.context",
        }[str(case["why"])]
    ]
    assert body["rejected"] == [{"index": 0, "errors": body["message"]}]
    assert not site.store.book.events


async def test_one_bad_event_refuses_the_whole_batch(site: EventsSite) -> None:
    response = await site.send(batch([EVENTS[0], changed(EVENTS[1], metrics={}), EVENTS[2]]))

    assert response.status_code == 400
    assert [found["index"] for found in response.json()["rejected"]] == [1]
    assert not site.store.book.events


async def test_taken_in_part_the_good_ones_survive(site: EventsSite) -> None:
    events = [EVENTS[0], *(case["event"] for case in INVALID), EVENTS[6]]
    response = await site.send(batch(events), "?partial=true")
    body = response.json()

    assert response.status_code == 201
    assert counts(body) == (8, 3, 0, 0)
    assert [found["index"] for found in body["rejected"]] == [1, 3, 4, 5, 6]
    assert body["rejected"][0]["errors"] == [
        "events.1.metrics.cpu_time_seconds must not be less than 0"
    ]


async def test_taken_in_part_a_duplicate_is_enough_for_201(site: EventsSite) -> None:
    await site.send_sample()
    response = await site.send(batch([EVENTS[0], {}]), "?partial=true")

    assert response.status_code == 201
    assert counts(response.json()) == (2, 0, 1, 0)


async def test_nothing_to_take_is_400_also_in_part(site: EventsSite) -> None:
    response = await site.send(batch([{}, 1, None]), "?partial=true")

    assert response.status_code == 400
    assert [found["index"] for found in response.json()["rejected"]] == [0, 1, 2]


@pytest.mark.parametrize("query", ["?partial=yes", "?partial=", "?partial=True", "?" + "a&" * 101])
async def test_other_words_for_partial_are_refused(site: EventsSite, query: str) -> None:
    response = await site.send(batch(EVENTS), query)

    assert response.status_code == 400
    assert len(response.json()["message"]) == 1
    assert not site.store.book.events


async def test_a_large_batch_is_parsed_beside_the_loop_and_stored_alike(site: EventsSite) -> None:
    many = [changed(EVENTS[0], extra={"event_id": f"{number:032x}"}) for number in range(500)]
    body = batch(many)
    assert len(body) > 256 * 1024
    response = await site.send(body)

    assert response.status_code == 201
    assert counts(response.json()) == (500, 500, 0, 0)


async def test_a_key_repeats_the_first_answer(site: EventsSite) -> None:
    first = await site.send(batch(EVENTS), idempotency_key="window 7")
    again = await site.send(batch(EVENTS), idempotency_key="window 7")

    assert "idempotency-replayed" not in first.headers
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert counts(again.json()) == counts(first.json()) == (22, 22, 0, 0)


async def test_a_key_belongs_to_its_collector(site: EventsSite) -> None:
    await site.send(batch(EVENTS), idempotency_key="k")
    response = await site.send(batch(EVENTS[:1]), idempotency_key="k", key=OTHER_KEY)

    assert response.status_code == 201
    assert counts(response.json()) == (1, 0, 1, 0)


@pytest.mark.parametrize("query", ["", "?partial=true"])
async def test_a_key_for_another_batch_is_422(site: EventsSite, query: str) -> None:
    """The same bytes taken in part are another batch: the answer may be another one."""
    await site.send(batch(EVENTS[:2]), idempotency_key="k")
    again = batch(EVENTS[:2] if query else EVENTS[:3])
    response = await site.send(again, query, idempotency_key="k")

    assert response.status_code == 422
    assert response.json()["error"] == "Unprocessable Entity"
    assert "'k'" in response.json()["message"]
    assert len(site.store.book.events) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\x7f"])
async def test_a_key_that_cannot_be_kept_is_400(site: EventsSite, key: str) -> None:
    response = await site.send(batch(EVENTS), idempotency_key=key)

    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()["message"][0]


async def test_a_batch_is_linked_when_it_is_answered(site: EventsSite) -> None:
    await site.send_sample()
    users = {
        stored.link.user for stored in site.store.book.events.values() if stored.link.is_manual
    }
    found = {stored.link.project for stored in site.store.book.events.values()}

    assert users == set()
    assert {"207", "118", "905"} <= found
    assert site.directory.finds == 1
