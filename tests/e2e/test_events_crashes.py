"""What a store of usage events has when servers and databases die while 200 batches are sent.

See `events_strikes` for how moments are drawn, and for the variables CSCS_CRASH_KILLS and
CSCS_CRASH_SEED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.e2e.events_check import check_store
from tests.e2e.events_client import collector
from tests.e2e.events_made import make_batches
from tests.e2e.events_server import EventsServer, postgresql_site, sqlite_site
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


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with shared_cluster() as cluster:
        yield cluster


def survive(server: EventsServer, blows: list[Blow], count: int, random: Random) -> Counter[str]:
    """Send batches under so many blows, check what is there, and say what the blows met."""
    batches = make_batches(random, count=BATCHES)
    with (
        collector(server, random, with_keys=random.random() < 0.5) as sender,
        strikes(random, in_turn(blows, count), batches=BATCHES) as (drawn,),
    ):
        sender.send_all(batches, drawn.during(sender))
    assert len(sender.acknowledged) == BATCHES
    check_store(server, batches)
    assert "Traceback" not in server.log
    lost = sum(each.answer_was_lost for each in sender.acknowledged)
    return Counter({**sender.failures, "answers lost": lost})


def test_sqlite_has_each_event_once_when_its_server_is_killed(tmp_path: Path) -> None:
    random = Random(SEED)
    met: Counter[str] = Counter()
    for number, count in enumerate(rounds(SEED)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with sqlite_site(folder).server() as server:
            met += survive(server, [on_server(server)], count, random)
    print(f"{KILLS} kills: {dict(met)}")


@pytest.mark.parametrize("who", ["server", "database", "both"])
def test_postgresql_has_each_event_once_when_things_are_killed(
    tmp_path: Path, cluster: PostgresCluster, who: str
) -> None:
    random = Random(SEED)
    met: Counter[str] = Counter()
    for count in rounds(SEED):
        with postgresql_site(tmp_path) as site, site.server() as server:
            blows = {
                "server": [on_server(server)],
                "database": [on_database(cluster, random)],
                "both": [on_server(server), on_database(cluster, random)],
            }[who]
            met += survive(server, blows, count, random)
    print(f"{KILLS} strikes on {who}: {dict(met)}")
