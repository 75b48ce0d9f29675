"""The directory in tables is read as a whole once, and again when it has changed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, text

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, DirectoryUser, KnownDirectory
from cscs_fakes.invented_directory import make_directory
from cscs_sql.database_urls import async_engine
from cscs_sql.directory_loading import load_directory
from cscs_sql.facts import DIRECTORY_VERSION
from cscs_sql.opening import opened
from cscs_sql.remembered_directory import OLDEST_SECONDS, RememberedDirectory
from cscs_sql.schema import facts

KNOWN = make_directory(30, 20, seed=3)
NOBODY = DirectoryQuery()
ANYBODY = DirectoryQuery(user_ids=frozenset({"u1"}))
NEW = KnownDirectory(users=(DirectoryUser(id="new", username="newcomer"),))


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def directory(database: str, watch: Watch) -> AsyncIterator[RememberedDirectory]:
    load_directory(database, KNOWN)
    made = RememberedDirectory(async_engine(database), now=watch)
    yield made
    await made.close()


def ids(known: KnownDirectory) -> set[str]:
    return {user.id for user in known.users}


async def after_reading(directory: RememberedDirectory) -> KnownDirectory:
    """What is known once a reading that the question began has ended."""
    await directory.find(NOBODY)
    await directory.settle()
    return await directory.find(NOBODY)


async def test_nobody_waits_for_it_and_it_is_read_once(directory: RememberedDirectory) -> None:
    first = await asyncio.gather(*(directory.find(ANYBODY) for _ in range(10)))
    await directory.settle()
    later = await asyncio.gather(*(directory.find(ANYBODY) for _ in range(10)))

    assert directory.reads == 1
    assert [ids(known) for known in first] == [{"u1"}] * 10
    assert all(known is later[0] for known in later)
    assert ids(later[0]) == ids(KNOWN)


async def test_somebody_who_goes_away_does_not_end_the_reading(
    directory: RememberedDirectory,
) -> None:
    await directory.find(ANYBODY)
    waiting = asyncio.create_task(directory.settle())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await directory.settle()

    assert ids(await directory.find(NOBODY)) == ids(KNOWN)
    assert directory.reads == 1


async def test_another_one_that_was_loaded_is_there_at_once(
    directory: RememberedDirectory, database: str, watch: Watch
) -> None:
    await after_reading(directory)
    await asyncio.to_thread(load_directory, database, NEW)
    watch.seconds += 2

    newcomer = DirectoryQuery(usernames=frozenset({"newcomer"}))
    assert ids(await directory.find(newcomer)) == {"new"}
    assert ids(await after_reading(directory)) == {"new"}
    assert directory.reads == 2


async def test_a_rehearsal_of_loading_changes_nothing(
    directory: RememberedDirectory, database: str
) -> None:
    await after_reading(directory)
    await asyncio.to_thread(load_directory, database, NEW, dry_run=True)

    assert ids(await directory.find(NOBODY)) == ids(KNOWN)
    assert directory.reads == 1


async def test_what_others_change_in_the_tables_is_seen_after_a_while(
    directory: RememberedDirectory, database: str, watch: Watch
) -> None:
    await after_reading(directory)
    with opened(database) as connection:
        connection.execute(text("DELETE FROM directory_users WHERE id = 'u1'"))

    watch.seconds = OLDEST_SECONDS - 1
    assert "u1" in ids(await after_reading(directory))
    watch.seconds = OLDEST_SECONDS
    assert "u1" in ids(await directory.find(NOBODY))  # nobody waits for a new reading
    await directory.settle()
    assert "u1" not in ids(await directory.find(NOBODY))


async def test_a_row_that_makes_no_sense_fails_those_who_need_it_only(
    directory: RememberedDirectory, database: str
) -> None:
    spoilt = KNOWN.allocations[0]
    with opened(database) as connection:
        connection.execute(
            text("UPDATE directory_allocations SET status = 'Active' WHERE id = :id"),
            {"id": spoilt.id},
        )

    assert ids(await after_reading(directory)) == set()
    assert ids(await directory.find(ANYBODY)) == {"u1"} or spoilt.project == "p1"
    with pytest.raises(UpstreamServiceError, match="a row of its tables cannot be read"):
        await directory.find(DirectoryQuery(project_ids=frozenset({spoilt.project})))


async def test_tables_that_others_filled_are_asked_every_time(
    directory: RememberedDirectory, database: str
) -> None:
    with opened(database) as connection:
        connection.execute(delete(facts).where(facts.c.name == DIRECTORY_VERSION))

    await after_reading(directory)
    assert ids(await directory.find(ANYBODY)) == {"u1"}
    assert directory.reads == 0


async def test_a_large_one_is_asked_for_what_is_needed(database: str) -> None:
    load_directory(database, KNOWN)
    directory = RememberedDirectory(async_engine(database), most=len(KNOWN.users))
    try:
        await after_reading(directory)
        assert ids(await directory.find(ANYBODY)) == {"u1"}
        assert directory.reads == 0
    finally:
        await directory.close()


async def test_it_can_be_closed_while_it_is_read(database: str) -> None:
    load_directory(database, KNOWN)
    directory = RememberedDirectory(async_engine(database))
    await directory.find(ANYBODY)
    await directory.close()

    assert not directory.is_reading
