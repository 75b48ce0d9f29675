"""The migrations end in the tables of `schema`, and every step of them can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hatchling.builders.wheel import WheelBuilder
from sqlalchemy import Connection, inspect, select

from cscs_sql.administration import downgrade, initialise, upgrade
from cscs_sql.dialects import Layout
from cscs_sql.migrating import head, revisions
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.opening import create_file, opened
from cscs_sql.schema import events, metadata, touched_days
from cscs_sql.schema_state import SchemaKind
from cscs_sql.state_report import schema_state
from tests.sql_databases import NOW, Fresh, timescaledb
from tests.unit.sql.described_tables import described
from tests.unit.sql.store_rows import FIRST, HOUR, fill, put_events

ROOT = Path(__file__).parents[3]
ZURICH = ZoneInfo("Europe/Zurich")


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def test_migrations_end_in_the_tables_of_the_schema(fresh: Fresh, tmp_path: Path) -> None:
    with fresh(tmp_path) as migrated, fresh(tmp_path) as created:
        initialise(migrated, zone=ZURICH, now=NOW)
        create_file(created)
        with opened(created) as connection:
            metadata.create_all(connection)
            expected = described(connection)
        with opened(migrated) as connection:
            actual = described(connection)

    assert expected == actual


def test_alembic_finds_nothing_to_change(database: str) -> None:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in metadata.tables

    options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
    with opened(database) as connection:
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []


def test_going_back_to_the_base_leaves_nothing(database: str) -> None:
    with opened(database) as connection:
        fill(connection)

    undone = downgrade(database, "base")

    assert [each.id for each in undone] == ["0003", "0002", "0001"]
    with opened(database) as connection:
        assert tables(connection) == set()
    assert schema_state(database).kind is SchemaKind.ABSENT


def test_after_the_base_the_store_can_be_made_again(database: str) -> None:
    downgrade(database, "base")

    assert initialise(database, zone=ZURICH, now=NOW).is_new


def test_one_step_back_and_forth_keeps_events(database: str) -> None:
    with opened(database) as connection:
        fill(connection)

    assert [each.id for each in downgrade(database, "-1")] == ["0003"]
    assert [each.id for each in upgrade(database)] == ["0003"]

    with opened(database) as connection:
        assert len(connection.execute(select(events.c.event_id)).all()) == 3


def test_every_step_back_leaves_the_tables_of_that_revision(database: str) -> None:
    left = []
    for revision in reversed(revisions()):
        with opened(database) as connection:
            left.append((revision.id, len(tables(connection) & set(metadata.tables))))
        downgrade(database, "-1")

    assert left == [("0003", 11), ("0002", 7), ("0001", 5)]


def test_days_of_all_events_are_summed_up_again_when_sums_come_back(
    fresh: Fresh, tmp_path: Path
) -> None:
    with fresh(tmp_path) as url:
        initialise(url, zone=ZURICH, now=NOW)
        with opened(url) as connection:
            put_events(connection, [FIRST, FIRST + HOUR, FIRST + 100 * HOUR])
        downgrade(url, "0001")
        upgrade(url)

        with opened(url) as connection:
            days = connection.scalars(select(touched_days.c.day).order_by(touched_days.c.day))

            assert [str(day) for day in days] == ["2025-11-01", "2025-11-05"]


def test_a_dry_run_names_the_steps_and_takes_none(database: str) -> None:
    assert [each.id for each in downgrade(database, "0001", dry_run=True)] == ["0003", "0002"]
    assert schema_state(database).revision == head()


def test_a_step_that_fails_leaves_the_tables_as_they_were(fresh: Fresh, tmp_path: Path) -> None:
    """A table of somebody else's stands in the way of the last step."""
    with fresh(tmp_path) as url:
        initialise(url, zone=ZURICH, now=NOW)
        downgrade(url, "0001")
        with opened(url) as connection:
            connection.exec_driver_sql("CREATE TABLE directory_allocations (id INTEGER)")
            before = tables(connection)

        with pytest.raises(Exception, match="already exists"):
            upgrade(url)

        assert schema_state(url).revision == "0001"
        with opened(url) as connection:
            assert tables(connection) == before


def test_two_upgrades_at_once_are_one(database: str) -> None:
    downgrade(database, "0001")

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(upgrade, [database] * 4))

    assert sorted(map(len, done)) == [0, 0, 0, 2]
    assert schema_state(database).kind is SchemaKind.CURRENT


def test_two_at_once_can_make_the_store(empty_database: str) -> None:
    def make(_number: int) -> bool:
        return initialise(empty_database, zone=ZURICH, now=NOW).is_new

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(make, range(4)))

    assert sorted(made) == [False, False, False, True]


def test_the_revision_is_kept_apart_from_that_of_other_programs(database: str) -> None:
    with opened(database) as connection:
        assert REVISION_TABLE in tables(connection)
        assert "alembic_version" not in tables(connection)


def test_the_wheel_has_the_migrations(tmp_path: Path) -> None:
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(path) as archive:
        names = archive.namelist()

    folder = ROOT / "src/adapters/cscs_sql/migrations"
    expected = {f"cscs_sql/migrations/{file.relative_to(folder)}" for file in folder.rglob("*.py")}
    assert len(expected) == 7
    assert expected <= set(names)


@pytest.mark.optin
def test_timescaledb_gets_a_hypertable_that_compresses(tmp_path: Path) -> None:
    with timescaledb(tmp_path) as url:
        made = initialise(url, zone=ZURICH, now=NOW, retention_days=400)
        again = initialise(url, zone=ZURICH, now=NOW, compress_after_days=14)
        with opened(url) as connection:
            put_events(connection, [FIRST + number * 24 * HOUR for number in range(100)])
            jobs = connection.exec_driver_sql(
                "SELECT proc_name FROM timescaledb_information.jobs"
                " WHERE hypertable_name = 'resource_usage_events' ORDER BY 1"
            )
            policies = list(jobs.scalars())
        state = schema_state(url)

    assert made.layout is again.layout is state.layout is Layout.TIMESCALEDB
    assert made.months == ()
    assert policies == ["policy_compression"]
    assert len(state.partitions) in {4, 5}


@pytest.mark.optin
def test_timescaledb_takes_late_events_into_a_compressed_chunk(tmp_path: Path) -> None:
    with timescaledb(tmp_path) as url:
        initialise(url, zone=ZURICH, now=NOW)
        with opened(url) as connection:
            put_events(connection, [FIRST])
            connection.exec_driver_sql(
                "SELECT compress_chunk(chunk) FROM show_chunks('resource_usage_events') AS chunk"
            )
        with opened(url) as connection:
            put_events(connection, [FIRST + HOUR])
            connection.exec_driver_sql(
                "UPDATE resource_usage_events SET revision = 2 WHERE time_window_start = %s",
                (FIRST,),
            )
        with opened(url) as connection:
            found = connection.execute(select(events.c.event_id, events.c.revision))

            assert {tuple(row) for row in found} == {(UUID(int=0), 2), (UUID(int=0), 1)}
