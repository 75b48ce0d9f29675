"""The directory in tables: loaded whole, asked with few statements."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import Engine, event, text

from cscs_domain.errors import InvalidValueError, OutdatedStoreError, UpstreamServiceError
from cscs_domain.events.directory import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryQuery,
    DirectoryUser,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.linking import wanted_by
from cscs_domain.events.metrics import ResourceUsageMetrics
from cscs_fakes.invented_directory import make_directory
from cscs_sql.administration import downgrade
from cscs_sql.database_urls import async_engine
from cscs_sql.directory import SqlDirectory
from cscs_sql.directory_loading import SectionChange, load_directory, read_directory
from cscs_sql.opening import opened
from tests.sql_databases import Fresh, initialised, sqlite

START = datetime(2025, 11, 18, 23, tzinfo=UTC)
KNOWN = make_directory(300, 200, seed=7)
FIELDS = attrs.fields(KnownDirectory)


@pytest.fixture
async def directory(database: str) -> AsyncIterator[SqlDirectory]:
    load_directory(database, KNOWN)
    made = SqlDirectory(async_engine(database))
    yield made
    await made.close()


def usage(number: int) -> ResourceUsageEvent:
    user = KNOWN.users[number % 300]
    project = KNOWN.projects[number % 200]
    return ResourceUsageEvent(
        source="openstack" if number % 2 else "pbs",
        time_window_start=START,
        time_window_end=START.replace(day=19),
        collected_at=START,
        metrics=ResourceUsageMetrics(cpu_time_seconds=1),
        identities=(
            EventIdentity("user_email", str(user.email)),
            EventIdentity("perun_username", f"{user.username}{number}"),
        ),
        context={"project": project.title if number % 3 else f"unknown {number}"},
    )


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Statements that were sent meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("events", [1, 1000])
async def test_a_batch_of_any_size_costs_the_same_statements(database: str, events: int) -> None:
    load_directory(database, KNOWN)
    engine = async_engine(database)
    query = wanted_by(map(usage, range(1, events + 1)))

    with counted(engine.sync_engine) as sent:
        found = await SqlDirectory(engine).find(query)
    await engine.dispose()

    # Users, OpenStack requests, projects, allocations.
    assert len([each for each in sent if each.startswith("SELECT")]) == 4
    assert len(found.users) == min(events, 300)


async def test_a_query_with_everything_in_it_costs_five(database: str) -> None:
    load_directory(database, KNOWN)
    engine = async_engine(database)
    some = frozenset({"p1", "u1", "a1"})
    query = DirectoryQuery(**{field.name: some for field in attrs.fields(DirectoryQuery)})

    with counted(engine.sync_engine) as sent:
        await SqlDirectory(engine).find(query)
    await engine.dispose()

    assert len([each for each in sent if each.startswith("SELECT")]) == 5


async def test_sqlite_finds_by_index(tmp_path: Path) -> None:
    """A list of values must not make it read whole tables."""
    with initialised(sqlite, tmp_path) as url:
        engine = async_engine(url)
        with counted(engine.sync_engine) as sent:
            await SqlDirectory(engine).find(wanted_by(map(usage, range(10))))
        await engine.dispose()
        with opened(url) as connection:
            connection.exec_driver_sql("ANALYZE")
            for statement in sent:
                if not statement.startswith("SELECT"):
                    continue
                values = tuple(["[]"] * statement.count("?"))
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                assert not [row for row in plan if row[3].startswith("SCAN directory")]


async def test_texts_that_no_database_can_keep_are_not_found(directory: SqlDirectory) -> None:
    odd = frozenset({"a\0b", "\ud800", KNOWN.users[0].username or ""})

    found = await directory.find(DirectoryQuery(usernames=odd, titles=odd, slugs=odd))

    assert [user.id for user in found.users] == [KNOWN.users[0].id]


async def test_tables_of_another_version_are_named_as_the_cause(database: str) -> None:
    downgrade(database, "-1")
    directory = SqlDirectory(async_engine(database))

    with pytest.raises(UpstreamServiceError, match="cscs events status") as failed:
        await directory.find(DirectoryQuery(usernames=frozenset({"anna"})))
    await directory.close()

    assert not failed.value.retryable


async def test_while_a_directory_is_loaded_the_old_one_is_found(database: str) -> None:
    load_directory(database, KNOWN)
    directory = SqlDirectory(async_engine(database))
    everybody = DirectoryQuery(user_ids=frozenset(user.id for user in KNOWN.users))

    with opened(database) as connection:
        connection.execute(text("DELETE FROM directory_users"))
        found = await directory.find(everybody)
    await directory.close()

    assert len(found.users) == 300


def same(found: KnownDirectory, expected: KnownDirectory) -> bool:
    return all(in_order(found, field.name) == in_order(expected, field.name) for field in FIELDS)


def in_order(directory: KnownDirectory, records: str) -> list[Any]:
    found: Sequence[Any] = getattr(directory, records)
    return sorted(found, key=lambda record: str(attrs.astuple(record, recurse=False)[:2]))


def test_what_is_loaded_is_read_back(database: str) -> None:
    load_directory(database, KNOWN)

    with opened(database) as connection:
        assert same(read_directory(connection), KNOWN)


def test_loading_takes_the_place_of_what_was_there(database: str) -> None:
    load_directory(database, make_directory(10, 10, seed=1))
    load_directory(database, KNOWN)

    with opened(database) as connection:
        assert same(read_directory(connection), KNOWN)


def test_an_empty_directory_can_be_loaded(database: str) -> None:
    load_directory(database, KNOWN)
    change = load_directory(database, KnownDirectory())

    assert change.users == SectionChange(records=0, added=0, changed=0, removed=300)
    with opened(database) as connection:
        assert read_directory(connection) == KnownDirectory()


OLD = KnownDirectory(
    users=(DirectoryUser(id="1", email="a@b.ch"), DirectoryUser(id="2")),
    projects=(DirectoryProject(id="p", title="Old"),),
    allocations=(DirectoryAllocation(id="a", project="p", start=START),),
    openstack_requests=(OpenstackRequest(customer_key="c", project="p"),) * 2,
)
NEW = KnownDirectory(
    users=(DirectoryUser(id="1", email="A@b.ch"), DirectoryUser(id="3")),
    projects=(DirectoryProject(id="p", title="Old"),),
    allocations=(DirectoryAllocation(id="a", project="p"),),
    openstack_requests=(OpenstackRequest(customer_key="d", project="p"),),
)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_load_tells_how_the_directories_differ(database: str, dry_run: bool) -> None:
    load_directory(database, OLD)

    change = load_directory(database, NEW, dry_run=dry_run)

    assert change.users == SectionChange(records=2, added=1, changed=1, removed=1)
    assert change.projects == SectionChange(records=1, added=0, changed=0, removed=0)
    assert change.allocations == SectionChange(records=1, added=0, changed=1, removed=0)
    assert change.openstack_requests == SectionChange(records=1, added=1, changed=0, removed=2)
    with opened(database) as connection:
        assert same(read_directory(connection), OLD if dry_run else NEW)


@pytest.mark.parametrize(
    "wrong",
    [
        KnownDirectory(users=(DirectoryUser(id="1"), DirectoryUser(id="1", email="x"))),
        KnownDirectory(users=(DirectoryUser(id="1", email="a\0b"),)),
        KnownDirectory(projects=(DirectoryProject(id="1", title="\ud800"),)),
    ],
    ids=["id twice", "NUL", "surrogate"],
)
def test_a_directory_that_cannot_be_kept_changes_nothing(
    database: str, wrong: KnownDirectory
) -> None:
    load_directory(database, OLD)

    with pytest.raises(InvalidValueError, match="directory_"):
        load_directory(database, wrong)

    with opened(database) as connection:
        assert same(read_directory(connection), OLD)


def test_tables_have_to_be_there_first(fresh: Fresh, tmp_path: Path) -> None:
    with fresh(tmp_path) as url, pytest.raises(OutdatedStoreError, match="cscs events init"):
        load_directory(url, OLD)
