"""Laws of usage events: what is sent comes back, ids stand for content, nothing else is raised."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from random import Random
from typing import cast

import attrs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cscs_domain.events.batches import MOST_ERRORS_OF_A_BATCH, parse_batch
from cscs_domain.events.bounds import LATEST
from cscs_domain.events.event import DEFAULT_SOURCES, ResourceUsageEvent
from cscs_domain.events.event_ids import event_id_of
from cscs_domain.events.event_wire import event_from_wire, event_to_wire, read_carefully
from cscs_domain.events.field_errors import (
    MOST_ERRORS_OF_AN_EVENT,
    FieldError,
    MalformedBatchError,
    MalformedEventError,
)
from cscs_domain.events.quick_reading import read_quickly
from cscs_fakes.strategies import (
    hostile_usage_event_wires,
    json_values,
    usage_event_wires,
    usage_events,
)
from cscs_fakes.strategies.usage_events import respelt
from cscs_json import decode_strictly, encode

Wire = dict[str, object]

ENORMOUS = 10**5000
"""Python refuses to write integers this long as text, so every message has to mind."""


def read(wire: object) -> ResourceUsageEvent:
    return event_from_wire(wire, sources=DEFAULT_SOURCES)


def nested(levels: int) -> Wire:
    made: object = 1
    for level in range(levels):
        made = [made] if level % 2 else {"": made}
    return {"deep": made}


def carefully(wire: Wire) -> ResourceUsageEvent | None:
    with contextlib.suppress(MalformedEventError):
        return read_carefully(wire, sources=DEFAULT_SOURCES)
    return None


@given(usage_event_wires())
def test_what_is_right_is_read_quickly_as_it_is_carefully(wire: Wire) -> None:
    quick = read_quickly(wire, DEFAULT_SOURCES)

    assert quick is not None
    assert quick == carefully(wire)


@given(hostile_usage_event_wires() | st.dictionaries(st.text(), json_values()))
def test_what_is_wrong_is_not_read_quickly_either(wire: object) -> None:
    assume(isinstance(wire, dict))
    wire = cast(Wire, wire)

    assert read_quickly(wire, DEFAULT_SOURCES) == carefully(wire)


@given(usage_events())
def test_an_event_survives_the_wire(event: ResourceUsageEvent) -> None:
    assert read(event_to_wire(event)) == event


@given(usage_events())
def test_an_event_survives_the_bytes(event: ResourceUsageEvent) -> None:
    assert read(decode_strictly(encode(event_to_wire(event)))) == event


@given(usage_event_wires())
def test_what_is_taken_is_written_in_one_way_only(wire: Wire) -> None:
    written = event_to_wire(read(wire))

    assert event_to_wire(read(written)) == written


@given(usage_event_wires())
def test_an_event_made_in_python_is_the_same_as_one_that_was_read(wire: Wire) -> None:
    event = read(wire)

    assert attrs.evolve(event) == event


@given(hostile_usage_event_wires())
@example({"context": nested(10_000)})
@example(
    {"extra": {"a": ENORMOUS, "event_id": ENORMOUS}, "metrics": {"cpu_time_seconds": ENORMOUS}}
)
@example({"\ud800": 1, "context": {"\ud800": "\ud800"}, "source": "\ud800"})
@example({"identities": [{}] * 100})
@example({"identities": [None] * 1_000_000, "context": dict.fromkeys(map(str, range(99)), "\0")})
def test_any_value_is_an_event_or_refused_with_printable_sentences(value: object) -> None:
    errors = errors_of(value)

    if errors:
        assert len(errors) <= MOST_ERRORS_OF_AN_EVENT + 1
        assert all(str(one).isascii() and str(one).isprintable() for one in errors)
    else:
        event = read(value)
        assert event_id_of(event)
        assert encode(event_to_wire(event))


def errors_of(value: object) -> tuple[FieldError, ...]:
    try:
        read(value)
    except MalformedEventError as error:
        return error.errors
    return ()


@given(st.lists(hostile_usage_event_wires() | usage_event_wires(), max_size=4))
def test_a_bad_event_concerns_no_other(wires: list[object]) -> None:
    batch = parse_batch({"events": wires}, sources=DEFAULT_SOURCES, most_events=4)

    alone = []
    for index, wire in enumerate(wires):
        with contextlib.suppress(MalformedEventError):
            alone.append((index, read(wire)))
    assert list(batch.events) == alone
    taken = {index for index, _ in batch.events}
    assert taken | {event.index for event in batch.rejected} == set(range(batch.received))
    assert len(batch.events) + len(batch.rejected) == batch.received == len(wires)


@given(json_values() | st.fixed_dictionaries({"events": json_values()}))
@example({"events": [{}] * 10_000})
def test_any_value_is_a_batch_or_refused_as_one(value: object) -> None:
    messages = messages_of(value)

    assert len(messages) <= MOST_ERRORS_OF_A_BATCH + MOST_ERRORS_OF_AN_EVENT + 2
    assert all(message.isprintable() for message in messages)


def messages_of(payload: object) -> list[str]:
    try:
        return parse_batch(payload, sources=DEFAULT_SOURCES, most_events=10_000).messages()
    except MalformedBatchError as error:
        return list(map(str, error.errors))


@given(usage_event_wires(), st.randoms(use_true_random=False), st.integers(-600, 600))
def test_an_id_does_not_depend_on_how_the_event_is_spelt(
    wire: Wire, random: Random, minutes: int
) -> None:
    members = list(wire.items())
    random.shuffle(members)
    other = dict(members)
    for name in ("time_window_start", "time_window_end"):
        other[name] = respelt(str(wire[name]), minutes)

    assert event_id_of(read(other)) == event_id_of(read(wire))


@given(usage_events())
def test_an_id_does_not_depend_on_when_the_event_was_collected(event: ResourceUsageEvent) -> None:
    earlier = LATEST - timedelta(days=30)

    assert event_id_of(attrs.evolve(event, collected_at=earlier)) == event_id_of(event)


@given(usage_events())
def test_an_id_made_of_content_changes_with_it(event: ResourceUsageEvent) -> None:
    event = attrs.evolve(event, extra=None)
    more = attrs.evolve(event.metrics, cpu_time_seconds=event.metrics.cpu_time_seconds ^ 1)

    assert event_id_of(attrs.evolve(event, metrics=more)) != event_id_of(event)
    assert event_id_of(attrs.evolve(event, extra={})) != event_id_of(event)


@given(usage_event_wires())
def test_a_key_of_the_context_may_stand_anywhere(wire: Wire) -> None:
    context = cast("Wire", wire["context"])
    other = wire | {"context": dict(reversed(context.items()))}

    assert event_id_of(read(other)) == event_id_of(read(wire))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    ),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_strict_decoding_reads_what_the_standard_library_reads(
    value: object, escaped: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)

    assert decode_strictly(text.encode()) == json.loads(text)


@pytest.mark.parametrize("levels", [19, 20])
def test_the_deepest_context_is_the_deepest_extra(levels: int) -> None:
    for name in ("context", "extra"):
        wire: Wire = {"context": {}, name: nested(levels)}
        with pytest.raises(MalformedEventError) as caught:
            read(wire)
        deep = [error for error in caught.value.errors if "nested" in error.reason]
        assert len(deep) == levels - 19
