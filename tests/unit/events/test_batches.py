"""Batches: what is wrong with one event concerns no other, and every fault is told."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from cscs_domain.events.batches import MOST_ERRORS_OF_A_BATCH, EventBatch, parse_batch
from cscs_domain.events.event import DEFAULT_SOURCES
from cscs_domain.events.field_errors import FieldError, MalformedBatchError, MalformedEventError
from cscs_json import decode_strictly
from tests.unit.events.event_samples import invalid_wires, read, sample_bytes, sample_wires, wire

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)


def batch(events: list[object], **members: object) -> EventBatch:
    payload = {"events": events, **members}
    return parse_batch(payload, sources=DEFAULT_SOURCES, most_events=10_000)


def refused(payload: object, most_events: int = 10) -> list[str]:
    with pytest.raises(MalformedBatchError) as caught:
        parse_batch(payload, sources=DEFAULT_SOURCES, most_events=most_events)
    return list(map(str, caught.value.errors))


def test_the_batch_of_the_sample_is_taken_as_a_whole() -> None:
    taken = parse_batch(decode_strictly(sample_bytes()), sources=DEFAULT_SOURCES, most_events=100)

    assert [index for index, _ in taken.events] == list(range(22))
    assert [event for _, event in taken.events] == list(map(read, sample_wires()))
    assert taken.received == 22
    assert taken.rejected == ()
    assert taken.messages() == []


def test_bad_events_are_named_by_their_positions_and_the_others_are_kept() -> None:
    invalid = invalid_wires()
    taken = batch([wire(), invalid["negative counter"], 7, invalid["context missing"], wire()])

    assert [index for index, _ in taken.events] == [0, 4]
    assert [event.index for event in taken.rejected] == [1, 2, 3]
    assert taken.received == 5
    assert taken.messages() == [
        "events.1.metrics.cpu_time_seconds must not be less than 0",
        "events.2 must be an object",
        "events.3.context must be an object (got nothing)",
    ]
    assert taken.rejected[0].messages() == taken.messages()[:1]
    assert taken.rejected[0].errors == (
        FieldError("metrics.cpu_time_seconds", "must not be less than 0"),
    )


def test_a_batch_may_be_empty() -> None:
    taken = batch([])

    assert (taken.events, taken.rejected, taken.received) == ((), (), 0)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, False),
        ({"is_last_batch": None}, False),
        ({"is_last_batch": False}, False),
        ({"is_last_batch": True, "unknown": 1}, True),
    ],
)
def test_a_batch_is_the_last_only_if_it_says_so(members: dict[str, object], expected: bool) -> None:
    assert batch([], **members).is_last is expected


@pytest.mark.parametrize(
    ("payload", "messages"),
    [
        (None, ["the body must be an object with events (got nothing)"]),
        ([], ["the body must be an object with events (got a list of 0)"]),
        ("events", ["the body must be an object with events (got 'events')"]),
        ({}, ["events must be an array (got nothing)"]),
        ({"events": {}}, ["events must be an array (got an object of 0)"]),
        (
            {"events": None, "is_last_batch": 1},
            ["events must be an array (got nothing)", "is_last_batch must be a boolean"],
        ),
        (
            {"events": [{}] * 11, "is_last_batch": "true"},
            [
                "events must contain no more than 10 elements (got a list of 11)",
                "is_last_batch must be a boolean",
            ],
        ),
    ],
    ids=str,
)
def test_what_is_no_batch_is_refused_with_every_fault(payload: object, messages: list[str]) -> None:
    assert refused(payload) == messages


def test_as_many_events_as_are_allowed_are() -> None:
    assert len(parse_batch({"events": [{}] * 10}, sources=(), most_events=10).rejected) == 10


def test_nonsense_gets_a_bounded_answer_that_still_names_every_bad_event() -> None:
    nonsense = wire(identities=[{}] * 100)

    taken = batch([nonsense] * 10_000)

    assert [event.index for event in taken.rejected] == list(range(10_000))
    assert sum(len(event.errors) for event in taken.rejected) < 22_000
    messages = taken.messages()
    assert len(messages) <= MOST_ERRORS_OF_A_BATCH + 22
    assert messages[0] == "events.0.identities.0.scheme must be a string (got nothing)"
    assert messages[20] == "events.0 has more errors than are told here"
    assert messages[-1] == "events have errors in 9952 more elements"


def test_a_million_identities_are_one_fault() -> None:
    assert batch([wire(identities=[{}] * 1_000_000)]).messages() == [
        "events.0.identities must contain no more than 100 elements (got a list of 1000000)"
    ]


@pytest.mark.parametrize("kind", [MalformedEventError, MalformedBatchError])
def test_the_errors_say_every_fault_and_cross_process_borders(
    kind: type[MalformedEventError | MalformedBatchError],
) -> None:
    error = kind((FieldError("", "must be an object"), FieldError("a.b", "must be a uuid", "7")))

    assert str(error) == "must be an object; a.b must be a uuid (got 7)"
    assert pickle.loads(pickle.dumps(error)).errors == error.errors


def test_events_before_what_is_kept_are_rejected_in_their_place() -> None:
    old = wire(time_window_start="2020-01-01T00:00:00Z", time_window_end="2020-01-02T00:00:00Z")
    kept = batch([wire(), old, wire(source="?"), wire()]).not_before(BEGINNING)

    assert [index for index, _ in kept.events] == [0, 3]
    assert [event.index for event in kept.rejected] == [1, 2]
    assert kept.received == 4
    assert kept.messages()[0].startswith(
        "events.1.time_window_start must not be before 2025-01-01T00:00:00Z"
    )


def test_a_batch_of_young_events_stays_as_it_is() -> None:
    young = batch([wire()])

    assert young.not_before(BEGINNING) is young
