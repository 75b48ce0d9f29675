"""The directory in tables is read as a whole once, and again when it has changed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, text

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


async def test_it_is_read_once_for_many_who_ask(directory: RememberedDirectory) -> None:
    found = await asyncio.gather(*(directory.find(ANYBODY) for _ in range(10)))

    assert directory.reads == 1
    assert all(known is found[0] for known in found)
    assert ids(found[0]) == ids(KNOWN)


async def test_another_one_that_was_loaded_is_there_at_once(
    directory: RememberedDirectory, database: str
) -> None:
    await directory.find(NOBODY)
    await asyncio.to_thread(load_directory, database, NEW)

    assert ids(await directory.find(NOBODY)) == {"new"}
    assert directory.reads == 2


async def test_a_rehearsal_of_loading_changes_nothing(
    directory: RememberedDirectory, database: str
) -> None:
    await directory.find(NOBODY)
    await asyncio.to_thread(load_directory, database, NEW, dry_run=True)

    assert ids(await directory.find(NOBODY)) == ids(KNOWN)
    assert directory.reads == 1


async def test_what_others_change_in_the_tables_is_seen_after_a_while(
    directory: RememberedDirectory, database: str, watch: Watch
) -> None:
    await directory.find(NOBODY)
    with opened(database) as connection:
        connection.execute(text("DELETE FROM directory_users WHERE id = 'u1'"))

    watch.seconds = OLDEST_SECONDS - 1
    assert "u1" in ids(await directory.find(NOBODY))
    watch.seconds = OLDEST_SECONDS
    assert "u1" not in ids(await directory.find(NOBODY))


async def test_tables_that_others_filled_are_asked_every_time(
    directory: RememberedDirectory, database: str
) -> None:
    with opened(database) as connection:
        connection.execute(delete(facts).where(facts.c.name == DIRECTORY_VERSION))

    assert ids(await directory.find(ANYBODY)) == {"u1"}
    assert directory.reads == 0


async def test_a_large_one_is_asked_for_what_is_needed(database: str) -> None:
    load_directory(database, KNOWN)
    directory = RememberedDirectory(async_engine(database), most=len(KNOWN.users))
    try:
        assert ids(await directory.find(ANYBODY)) == {"u1"}
        assert directory.reads == 0
    finally:
        await directory.close()
