"""Two servers on one PostgreSQL, with overlapping batches, while they and it are killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random

import pytest

from tests.e2e.event_tables import empty_tables
from tests.e2e.events_check import check_store, summary
from tests.e2e.events_client import Collector, collector
from tests.e2e.events_made import PROJECTS, Batch, make_batches
from tests.e2e.events_server import EventsServer, postgresql_site
from tests.e2e.events_strikes import (
    KILLS,
    SEED,
    Blow,
    in_turn,
    on_database,
    on_server,
    rounds,
    strikes,
)
from tests.e2e.postgres_cluster import PostgresCluster, shared_cluster

BATCHES = 200
FEW = 60
"""Enough for those who also read."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[EventsServer]]:
    """Two servers on one database, for all tests."""
    with postgresql_site(tmp_path_factory.mktemp("site")) as site, ExitStack() as stack:
        yield [stack.enter_context(site.server()) for _ in range(2)]


@pytest.fixture
def servers(running: list[EventsServer]) -> list[EventsServer]:
    """The same with an empty store."""
    empty_tables(running[0].site.url)
    return running


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with shared_cluster() as cluster:
        yield cluster


def overlapping(random: Random, count: int) -> tuple[list[list[Batch]], list[Batch]]:
    """What either of two collectors sends, the same half in another order; and all of it."""
    made: list[Batch] = [*make_batches(random, count=count + count // 2)]
    first, second = made[:count], made[-count:]
    random.shuffle(second)
    return [first, second], made


def send_to_both(
    servers: list[EventsServer], random: Random, blows: list[Blow]
) -> tuple[list[Collector], list[Batch]]:
    """Two collectors send at the same time, each to a server of its own."""
    parts, everything = overlapping(random, BATCHES)
    with ExitStack() as stack:
        senders = [
            stack.enter_context(collector(server, Random(random.random()), with_keys=keys))
            for server, keys in zip(servers, [True, False], strict=True)
        ]
        halves = (blows[::2], blows[1::2])
        drawn = stack.enter_context(strikes(random, *halves, batches=BATCHES))
        workers = stack.enter_context(ThreadPoolExecutor(len(senders)))
        running = [
            workers.submit(sender.send_all, part, each.during(sender))
            for sender, part, each in zip(senders, parts, drawn, strict=True)
        ]
        for each in running:
            each.result()
    return senders, everything


def test_two_servers_store_each_event_once_whatever_is_killed(
    servers: list[EventsServer], cluster: PostgresCluster
) -> None:
    random = Random(SEED)
    met: Counter[str] = Counter()
    for count in rounds(SEED):
        empty_tables(servers[0].site.url)
        blows = in_turn([on_database(cluster, random), *map(on_server, servers)], count)
        senders, batches = send_to_both(servers, random, blows)
        for sender in senders:
            assert len(sender.acknowledged) == BATCHES
            met += sender.failures
        check_store(servers[0], batches)
    assert all("Traceback" not in server.log for server in servers)
    print(f"{KILLS} strikes: {dict(met)}")


def test_sums_read_from_two_servers_while_batches_come_in_end_up_right(
    servers: list[EventsServer],
) -> None:
    """Readers refresh the sums while others store, and no event may slip between them."""
    parts, batches = overlapping(Random(SEED), FEW)

    def send_and_read(server: EventsServer, part: list[Batch]) -> None:
        with collector(server, Random(SEED)) as sender:
            for number, batch in enumerate(part):
                sender.send(batch, is_last=number % 10 == 0)
                if number % 3 == 0:
                    summary(server, f"p{number % PROJECTS}")

    with ThreadPoolExecutor(2) as workers:
        for each in [
            workers.submit(send_and_read, server, part)
            for server, part in zip(servers, parts, strict=True)
        ]:
            each.result()

    check_store(servers[1], batches)
