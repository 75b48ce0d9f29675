"""A small honest collector: it sends a batch until somebody says 201, and remembers who did."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from time import monotonic, sleep
from typing import Any, Final, TypeAlias

import attrs
import httpx

from tests.e2e.events_made import KEY, Batch, Made
from tests.e2e.events_server import EventsServer

PATH: Final = "/collector/resource-usage"
_AGAIN: Final = frozenset({408, 429})
_PATIENCE: Final = 60
"""Seconds after which a batch is taken for lost. Nothing waits for this long on purpose."""
_LONGEST_PAUSE: Final = 0.3
_USUAL: Final = 0.02

Answer: TypeAlias = dict[str, Any]


@attrs.frozen
class Acknowledged:
    """A batch that was answered 201, after so many attempts."""

    batch: Batch
    answer: Answer
    attempts: int
    is_replay: bool

    @property
    def answer_was_lost(self) -> bool:
        """Whether it had been stored before it was acknowledged."""
        return self.attempts > 1 and (self.is_replay or not self.answer["stored"])


@attrs.define(eq=False)
class Collector:
    """Sends batches to one server, one after another.

    `retry_after` of the server is a hint for people's time; here no pause is longer than a moment.
    """

    client: httpx.Client
    random: Random
    with_keys: bool = False
    """Whether each batch has an `Idempotency-Key` of its own."""
    acknowledged: list[Acknowledged] = attrs.field(factory=list)
    failures: Counter[str] = attrs.field(factory=Counter)
    _seconds: list[float] = attrs.field(factory=list)

    @property
    def usual_seconds(self) -> float:
        """How long a batch takes."""
        return statistics.median(self._seconds) if self._seconds else _USUAL

    def send_all(
        self, batches: Sequence[Batch], before: Callable[[int], None] = lambda _number: None
    ) -> None:
        """Send the batches in order; `before` is called with the place of each."""
        for number, batch in enumerate(batches):
            before(number)
            self.send(batch, is_last=number == len(batches) - 1)

    def send(self, batch: Batch, *, is_last: bool = False) -> Acknowledged:
        """Send a batch until it is acknowledged."""
        content = body_of(batch, is_last=is_last)
        headers = {"Idempotency-Key": f"{self.random.getrandbits(64):x}"} if self.with_keys else {}
        deadline = monotonic() + _PATIENCE
        attempts = 0
        while True:
            attempts += 1
            response = self._attempt(content, headers)
            if response is not None:
                return self._acknowledge(batch, response, attempts)
            assert monotonic() < deadline, f"not acknowledged: {dict(self.failures)}"
            sleep(self.random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2**attempts)))

    def _attempt(self, content: bytes, headers: dict[str, str]) -> httpx.Response | None:
        """The answer, or None where it is to be tried again."""
        begin = monotonic()
        try:
            response = post(self.client, content, **headers)
        except httpx.TransportError as error:
            self.failures[type(error).__name__] += 1
            return None
        if response.status_code in _AGAIN or response.status_code >= 500:
            self.failures[str(response.status_code)] += 1
            assert response.status_code == 503, response.text
            assert int(response.headers["Retry-After"]) > 0
            return None
        self._seconds.append(monotonic() - begin)
        return response

    def _acknowledge(self, batch: Batch, response: httpx.Response, attempts: int) -> Acknowledged:
        assert response.status_code == 201, response.text
        answer: Answer = response.json()
        assert answer["received"] == len(batch)
        assert sum(answer[name] for name in ("stored", "duplicates", "replaced")) == len(batch)
        is_replay = response.headers.get("Idempotency-Replayed") == "true"
        done = Acknowledged(batch, answer, attempts, is_replay)
        self.acknowledged.append(done)
        return done


@contextmanager
def collector(
    server: EventsServer, random: Random, *, with_keys: bool = False
) -> Iterator[Collector]:
    """A collector that sends to this server."""
    with server.client() as client:
        yield Collector(client, random, with_keys)


def post(client: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    """Send a body once, with the collector's key."""
    told = {"X-Zeus-Collector-Key": KEY, "Content-Type": "application/json"}
    return client.post(PATH, content=content, headers={**told, **headers})


def body_of(batch: Sequence[Made], *, is_last: bool = False) -> bytes:
    """A batch as it is sent."""
    events = [made.body for made in batch]
    return json.dumps({"events": events, "is_last_batch": is_last}).encode()
