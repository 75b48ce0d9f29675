"""The server of usage events while its database is away, or while its clients misbehave."""

from __future__ import annotations

import resource
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import httpx
import psycopg
import pytest

from tests.e2e.event_tables import empty_tables, read_tables
from tests.e2e.events_check import check_store
from tests.e2e.events_client import PATH, body_of, collector, post
from tests.e2e.events_made import KEY, Batch, make_batches
from tests.e2e.events_server import (
    EventsServer,
    EventsSite,
    empty_site,
    postgresql_site,
    sqlite_site,
)
from tests.e2e.free_port import free_port
from tests.e2e.postgres_cluster import IMMEDIATE, PostgresCluster, shared_cluster

BATCHES = make_batches(Random(0), count=16)
FIRST, SECOND, *_ = BATCHES
NO_ROOM = 16_384
"""Bytes that a file may have: enough for the log, too little for a batch."""


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with shared_cluster() as cluster:
        yield cluster


@pytest.fixture
def site(tmp_path: Path) -> Iterator[EventsSite]:
    with postgresql_site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsServer]:
    """A server for all tests."""
    with postgresql_site(tmp_path_factory.mktemp("site")) as site, site.server() as server:
        yield server


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsServer]:
    """A server for all tests."""
    with sqlite_site(tmp_path_factory.mktemp("site")).server() as server:
        yield server


@pytest.fixture
def server(on_postgresql: EventsServer, cluster: PostgresCluster) -> EventsServer:
    """A server on PostgreSQL, which runs, with an empty store."""
    assert cluster.is_running
    empty_tables(on_postgresql.site.url)
    return on_postgresql


@pytest.fixture
def of_a_file(on_sqlite: EventsServer) -> EventsServer:
    """A server on SQLite with an empty store."""
    empty_tables(on_sqlite.site.url)
    return on_sqlite


@pytest.fixture(params=["server", "of_a_file"])
def either(request: pytest.FixtureRequest) -> EventsServer:
    """One of them, then the other."""
    found: EventsServer = request.getfixturevalue(request.param)
    return found


def send(server: EventsServer, batch: Batch, **headers: str) -> httpx.Response:
    """Send a batch once."""
    with server.client() as client:
        return post(client, body_of(batch), **headers)


def is_refused_for_now(response: httpx.Response) -> bool:
    """Whether a client is told to come again later, in the collector's form."""
    body = response.json()
    return (
        (response.status_code, body["statusCode"]) == (503, 503)
        and int(response.headers["Retry-After"]) > 0
        and bool(body["message"])
    )


# --- the database is away


def test_while_the_database_is_away_batches_are_refused_and_later_taken(
    server: EventsServer, cluster: PostgresCluster
) -> None:
    before = send(server, FIRST)
    cluster.stop()
    refused = [send(server, SECOND), server.get("/usage/unresolved")]
    alive, ready = server.get("/healthz"), server.get("/readyz")
    pid = server.pid
    cluster.start()
    taken = send(server, SECOND)

    assert (before.status_code, taken.status_code) == (201, 201)
    assert is_refused_for_now(refused[0])
    assert refused[1].status_code == 503
    assert "retry-after" in refused[1].headers
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert taken.json()["stored"] + taken.json()["replaced"] > 0
    assert server.pid == pid
    server.until(server.is_ready)
    check_store(server, [FIRST, SECOND])
    assert "Traceback" not in server.log


def test_a_server_that_starts_before_its_database_works_when_that_is_there(
    site: EventsSite, cluster: PostgresCluster
) -> None:
    """Until then it does not show where that is, and its password never."""
    site.more["DATABASE_URL"] = site.url.replace("postgres@", "postgres:a-password-of-mine@")
    cluster.stop()
    with site.server() as server:
        refused, ready = send(server, FIRST), server.get("/readyz")
        cluster.start()
        taken = send(server, FIRST)

        assert is_refused_for_now(refused)
        assert (ready.status_code, taken.status_code) == (503, 201)
        server.until(server.is_ready)
        check_store(server, [FIRST])
        assert str(cluster.port) not in refused.text + ready.text
        assert "a-password-of-mine" not in server.log + refused.text + ready.text


def test_a_batch_whose_transaction_the_database_breaks_off_is_not_acknowledged(
    server: EventsServer, cluster: PostgresCluster
) -> None:
    with ThreadPoolExecutor(1) as worker:
        with holding_back(server.site.url) as is_waiting:
            answer = worker.submit(send, server, FIRST)
            server.until(is_waiting)
            cluster.stop(IMMEDIATE)
        cut_off = answer.result()
    cluster.start()
    rows = read_tables(server.site.url)
    again = send(server, FIRST)

    assert is_refused_for_now(cut_off)
    assert (rows.events, rows.links) == ([], [])
    assert again.json()["stored"] == len(FIRST)
    check_store(server, [FIRST])


def test_a_transaction_that_dies_with_its_server_leaves_nothing(server: EventsServer) -> None:
    with ThreadPoolExecutor(1) as worker:
        with holding_back(server.site.url) as is_waiting:
            answer = worker.submit(send, server, FIRST)
            server.until(is_waiting)
            server.kill()
        with pytest.raises(httpx.TransportError):
            answer.result()
    server.start()
    taken = send(server, FIRST)

    assert taken.json()["stored"] == len(FIRST)
    check_store(server, [FIRST])


@contextmanager
def holding_back(url: str) -> Iterator[Callable[[], bool]]:
    """Let writers wait that come to the links of their events; yield what says whether one does."""

    def is_waiting() -> bool:
        with psycopg.connect(url) as other:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            (found,) = other.execute(waiting).fetchone() or (0,)
        return bool(found)

    connection = psycopg.connect(url)
    try:
        connection.execute("LOCK TABLE resource_usage_event_links IN SHARE ROW EXCLUSIVE MODE")
        yield is_waiting
    finally:
        connection.close()


def test_a_batch_that_waits_for_the_file_dies_with_its_server(of_a_file: EventsServer) -> None:
    with ThreadPoolExecutor(1) as worker:
        with closing(sqlite3.connect(of_a_file.site.url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = worker.submit(send, of_a_file, FIRST)
            of_a_file.until(of_a_file.is_alive)
            of_a_file.kill()
        with pytest.raises(httpx.TransportError):
            answer.result()
    rows = read_tables(of_a_file.site.url)
    of_a_file.start()
    taken = send(of_a_file, FIRST)

    assert rows.events == []
    assert taken.json()["stored"] == len(FIRST)
    check_store(of_a_file, [FIRST])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the processes of a server")
def test_a_database_that_hangs_does_not_end_the_server(
    server: EventsServer, cluster: PostgresCluster
) -> None:
    send(server, FIRST)
    with cluster.frozen():
        with server.client() as client:
            client.timeout = httpx.Timeout(0.5)
            with pytest.raises(httpx.ReadTimeout):
                post(client, body_of(SECOND))
        alive = server.get("/healthz")
    taken = send(server, SECOND)

    assert (alive.status_code, taken.status_code) == (200, 201)
    server.until(server.is_ready)
    check_store(server, [FIRST, SECOND])
    assert "Traceback" not in server.log


def test_a_writer_that_is_held_up_holds_up_nobody_else(server: EventsServer) -> None:
    send(server, SECOND)
    with ThreadPoolExecutor(1) as worker:
        with holding_back(server.site.url) as is_waiting:
            answer = worker.submit(send, server, FIRST)
            server.until(is_waiting)
            paths = ("/healthz", "/readyz", "/usage/events", "/usage/unresolved")
            statuses = [server.get(path).status_code for path in paths]
            is_held_up = not answer.done()
        taken = answer.result()

    assert statuses == [200] * 4
    assert is_held_up
    assert taken.status_code == 201
    check_store(server, [FIRST, SECOND])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the files of others")
def test_a_file_that_has_no_room_to_grow_takes_batches_when_it_has(
    of_a_file: EventsServer,
) -> None:
    limits = resource.prlimit(of_a_file.pid, resource.RLIMIT_FSIZE)
    before = send(of_a_file, FIRST)
    resource.prlimit(of_a_file.pid, resource.RLIMIT_FSIZE, (NO_ROOM, limits[1]))
    refused, alive = send(of_a_file, SECOND), of_a_file.get("/healthz")
    resource.prlimit(of_a_file.pid, resource.RLIMIT_FSIZE, limits)
    taken = send(of_a_file, SECOND)

    assert (before.status_code, alive.status_code, taken.status_code) == (201, 200, 201)
    assert is_refused_for_now(refused)
    check_store(of_a_file, [FIRST, SECOND])


# --- the schema


def refusal(site: EventsSite) -> str:
    """What a server says that refuses to start."""
    server = EventsServer(site, free_port())
    server.launch()
    assert server.wait() == 2
    assert "Traceback" not in server.log
    return server.log


def test_a_server_refuses_to_start_on_a_database_without_tables(
    tmp_path: Path, cluster: PostgresCluster
) -> None:
    with cluster.database() as url:
        log = refusal(empty_site(tmp_path, url))

    assert "cscs events init" in log


def test_a_server_refuses_to_start_on_tables_of_another_version(site: EventsSite) -> None:
    site.done("downgrade", "--steps", "1", "--yes")
    older = refusal(site)
    with psycopg.connect(site.url) as connection:
        connection.execute("UPDATE resource_usage_schema SET version_num = 'of-tomorrow'")
    newer = refusal(site)

    assert "cscs events upgrade" in older
    assert "cscs events upgrade" not in newer
    assert "newer" in newer


def test_a_server_refuses_to_start_with_days_of_another_zone(site: EventsSite) -> None:
    site.more["CSCS_SITE_TIMEZONE"] = "America/New_York"
    log = refusal(site)

    assert "cscs events rebuild" in log


# --- clients


def test_sending_again_under_the_same_key_repeats_the_answer(either: EventsServer) -> None:
    answers = [send(either, FIRST, **{"Idempotency-Key": "one"}) for _ in range(3)]
    other = send(either, SECOND, **{"Idempotency-Key": "one"})

    assert [answer.status_code for answer in answers] == [201] * 3
    assert [answer.json()["stored"] for answer in answers] == [len(FIRST)] * 3
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [
        *(None, "true", "true")
    ]
    assert other.status_code == 422
    check_store(either, [FIRST])


def test_nothing_is_stored_of_a_client_that_goes_away_in_the_middle(
    either: EventsServer,
) -> None:
    with raw(either) as connection:
        connection.sendall(head(len(body_of(FIRST))) + body_of(FIRST)[:1000])
    taken = send(either, SECOND)

    assert taken.status_code == 201
    check_store(either, [SECOND])
    assert "Traceback" not in either.log


def test_a_client_that_does_not_wait_for_the_answer_has_stored_all_or_nothing(
    either: EventsServer,
) -> None:
    for batch in BATCHES[:4]:
        with raw(either) as connection:
            connection.sendall(head(len(body_of(batch))) + body_of(batch))
    for batch in BATCHES[:4]:
        assert send(either, batch).status_code == 201

    check_store(either, BATCHES[:4])
    assert "Traceback" not in either.log


def test_a_slow_client_holds_nobody_up(either: EventsServer) -> None:
    body = body_of(FIRST)
    with raw(either) as connection:
        connection.sendall(head(len(body)))
        for place in range(0, len(body), 1000):
            connection.sendall(body[place : place + 1000])
            if place % 5000 == 0:
                assert send(either, SECOND).status_code == 201
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 201 ")
    check_store(either, [FIRST, SECOND])


def test_sixteen_collectors_at_once_are_all_served(either: EventsServer) -> None:
    """Each sends all batches, in an order of its own."""

    def send_all(seed: int) -> list[int]:
        random = Random(seed)
        with collector(either, random) as sender:
            sender.send_all(random.sample(BATCHES, len(BATCHES)))
        return [each.answer["stored"] for each in sender.acknowledged]

    with ThreadPoolExecutor(16) as workers:
        stored = [sum(counts) for counts in workers.map(send_all, range(16))]

    assert sum(stored) == len({made.number for batch in BATCHES for made in batch})
    check_store(either, BATCHES)
    assert "Traceback" not in either.log


@contextmanager
def raw(server: EventsServer) -> Iterator[socket.socket]:
    """A connection without a client's manners."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        yield connection


def head(length: int) -> bytes:
    """What comes before the body of a batch."""
    lines = (
        f"POST {PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        f"X-Zeus-Collector-Key: {KEY}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
