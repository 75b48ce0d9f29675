"""Bodies that are no batches of usable events. Usage events contract, sections 1 and 2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.api.collector_refusals import refused
from tests.api.events_site import EVENTS, EventsSite, batch, changed, events_site


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    async with events_site(most_body_bytes=4_000_000) as made:
        yield made


HUGE = {"metric_cpu_time_seconds": 2**63}
MANY = [{"scheme": "user_email", "value": f"{n}@x.example"} for n in range(40_000)]

ODD = {"scheme": "user\x1b[2J", "value": "x"}


def bad_bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that somebody may send, by mistake or to see what happens."""
    yield "nothing", b""
    yield "truncated", batch(EVENTS)[:-20]
    yield "more behind", batch([]) + b"{}"
    yield "a byte order mark", b"\xef\xbb\xbf" + batch([])
    yield "no UTF-8", b'{"events": ["\xff"]}'
    yield "UTF-16", batch([]).decode().encode("utf-16")
    yield "deep nesting", b'{"events": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield "deep context", batch([changed(EVENTS[0], context=deep(60))])
    yield "deeper context", batch([]).replace(b"[]", b"[%s]" % deep_event(5_000))
    yield "NaN", batch([changed(EVENTS[0], metric_cpu_time_seconds=float("nan"))])
    yield "Infinity", batch([changed(EVENTS[0], context={"a": float("inf")})])
    yield "1e999", b'{"events": [], "x": 1e999}'
    yield "huge count", batch([changed(EVENTS[0], **HUGE)])
    yield "5 000 digits", b'{"events": [%s]}' % (b"9" * 5_000)
    yield "duplicate keys", b'{"events": [], "events": []}'
    yield "a duplicate key spelled otherwise", b'{"events": [], "ev\\u0065nts": []}'
    yield "a duplicate key inside", b'{"events": [{"metrics": {"a": 1, "a": 1}}]}'
    yield "many identities", batch([changed(EVENTS[0], identities=MANY)])
    yield "many bad identities", batch([changed(EVENTS[0], identities=[1] * 1_000_000)])
    yield "a large context", batch([changed(EVENTS[0], context={"a": "x" * 65_536})])
    yield "many texts", batch([changed(EVENTS[0], extra={"a": ["x" * 1_000] * 66})])
    yield "a context of many values", batch([changed(EVENTS[0], context={"a": [[]] * 2_000})])
    yield "an extra of many values", batch([changed(EVENTS[0], extra={"a": {"b": [0] * 2_000}})])
    yield "a million values", b'{"events": [%s0]}' % (b"0," * 1_000_000)
    yield "control characters in a version", batch([changed(EVENTS[0], schema_version="1\n2")])
    yield "control characters in a scheme", batch([changed(EVENTS[0], identities=[ODD])])
    yield "a list", b"[]"
    yield "null", b"null"
    yield "events that are none", b'{"events": {}}'
    yield "no events", b"{}"
    yield "a word for is_last_batch", b'{"events": [], "is_last_batch": "yes"}'
    yield "NUL", batch([changed(EVENTS[0], context={"a": "\0"})])
    yield "half a surrogate pair", batch([changed(EVENTS[0], context={"a": "\ud800"})])
    yield (
        "dates beyond all calendars",
        batch([changed(EVENTS[0], time_window_end="99999-01-01T00:00:00Z")]),
    )


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def deep_event(levels: int) -> bytes:
    return b'{"context": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in bad_bodies()])
@pytest.mark.parametrize("query", ["", "?partial=true"])
async def test_bad_input_is_400_with_a_short_sentence(
    site: EventsSite, body: bytes, query: str
) -> None:
    response = await site.send(body, query)
    sentence = refused(response, 400)

    assert 10 < len(sentence) < 300
    assert len(response.content) < 20_000
    assert not site.store.book.events


async def test_malformed_json_is_told_with_its_place(site: EventsSite) -> None:
    sentence = refused(await site.send(b'{\n"events": [,]}'), 400)

    assert "line 2, column 12" in sentence


@pytest.mark.parametrize(
    ("member", "value", "sentence"),
    [
        ("context", {"a": "x" * 65_536}, "must not hold more than 65536 characters of text"),
        ("extra", {"a": [0] * 2_000}, "must not hold more than 2000 values"),
    ],
)
async def test_what_is_too_large_in_an_event_is_told_by_its_path(
    site: EventsSite, member: str, value: object, sentence: str
) -> None:
    response = await site.send(batch([EVENTS[0], changed(EVENTS[1], **{member: value})]))

    assert response.json()["message"] == [f"events.1.{member} {sentence}"]
    assert response.json()["rejected"] == [
        {"index": 1, "errors": [f"events.1.{member} {sentence}"]}
    ]


async def test_a_body_of_a_million_values_is_not_even_read(site: EventsSite) -> None:
    sentence = refused(await site.send(b'{"events": [' + b"1," * 1_000_000), 400)

    assert sentence == "The body is too large: it has more than 1000000 values."


async def test_too_many_events_are_400_with_the_bound() -> None:
    async with events_site(most_events=3) as site:
        response = await site.send(batch(EVENTS[:4]))

    assert "no more than 3" in refused(response, 400)


async def test_ten_thousand_bad_events_have_a_bounded_answer(site: EventsSite) -> None:
    response = await site.send(batch([{}] * 10_000))

    assert response.status_code == 400
    assert len(response.json()["message"]) <= 1_100
    assert len(response.json()["rejected"]) == 10_000
