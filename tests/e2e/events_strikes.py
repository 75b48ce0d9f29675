"""Servers and databases that end in the middle of a batch, at moments that were drawn beforehand.

A strike is drawn as the place of a batch and as a part of the time that a batch usually takes, so
that it comes before its transaction, in it, after it, or when it has just been answered.
`CSCS_CRASH_KILLS=300` makes so many strikes instead of a few (with `pytest -s` it prints what they
met); `CSCS_CRASH_SEED=…` repeats the draws of an earlier run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from random import Random
from secrets import randbits
from typing import Final, TypeAlias

import attrs

from tests.e2e.events_client import Collector
from tests.e2e.events_server import EventsServer
from tests.e2e.postgres_cluster import FAST, IMMEDIATE, PostgresCluster

KILLS: Final = int(os.environ.get("CSCS_CRASH_KILLS", "3"))
SEED: Final = int(os.environ.get("CSCS_CRASH_SEED") or randbits(32))
A_ROUND: Final = 20
"""So many strikes at most while 200 batches are sent."""

Blow: TypeAlias = Callable[[], None]
"""Ends something, and starts it again."""


def rounds(seed: int) -> Iterator[int]:
    """How many strikes each round of batches has."""
    print(f"CSCS_CRASH_SEED={seed}")
    for begin in range(0, KILLS, A_ROUND):
        yield min(A_ROUND, KILLS - begin)


def in_turn(blows: Sequence[Blow], count: int) -> list[Blow]:
    """So many, each kind as often as the others."""
    return list(islice(cycle(blows), count))


def on_server(server: EventsServer) -> Blow:
    """Kill a server and start it again."""

    def strike() -> None:
        server.kill()
        server.start()

    return strike


def on_database(cluster: PostgresCluster, random: Random) -> Blow:
    """Stop PostgreSQL, mostly in a rough way, and start it again."""

    def strike() -> None:
        cluster.stop(random.choice([IMMEDIATE, IMMEDIATE, signal.SIGKILL, FAST]))
        cluster.start()

    return strike


@attrs.frozen
class Strikes:
    """Blows by the places of batches, each with its part of a batch's time."""

    drawn: dict[int, list[tuple[float, Blow]]]
    _worker: ThreadPoolExecutor
    _struck: list[Future[None]] = attrs.field(factory=list)

    def during(self, collector: Collector) -> Callable[[int], None]:
        """What a collector calls before each batch."""
        return lambda number: self._before(number, collector.usual_seconds)

    def _before(self, number: int, seconds: float) -> None:
        for part, blow in self.drawn.pop(number, ()):
            self._struck.append(self._worker.submit(self._strike, part * seconds, blow))

    @staticmethod
    def _strike(delay: float, blow: Blow) -> None:
        threading.Event().wait(delay)
        blow()

    def finish(self) -> None:
        """Wait for the last one; raise what went wrong."""
        for each in self._struck:
            each.result()


@contextmanager
def strikes(random: Random, *blows: Sequence[Blow], batches: int) -> Iterator[list[Strikes]]:
    """For each collector its blows during so many batches.

    One at a time, whoever's they are: a blow begins when what the one before it ended is back.
    """
    with ThreadPoolExecutor(1) as worker:
        made = [Strikes(_drawn(random, each, batches), worker) for each in blows]
        yield made
        for each in made:
            each.finish()


def _drawn(
    random: Random, blows: Sequence[Blow], batches: int
) -> dict[int, list[tuple[float, Blow]]]:
    drawn: defaultdict[int, list[tuple[float, Blow]]] = defaultdict(list)
    for blow in blows:
        drawn[random.randrange(batches)].append((random.uniform(0, 1.3), blow))
    return drawn
