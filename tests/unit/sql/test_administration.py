"""Making the store, and asking how it is."""

from datetime import UTC, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cscs_domain.errors import InvalidValueError, OutdatedStoreError
from cscs_sql.administration import downgrade, initialise, upgrade
from cscs_sql.database_urls import async_engine
from cscs_sql.dialects import Layout
from cscs_sql.migrating import head
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.opening import create_file, opened
from cscs_sql.schema_state import SchemaKind, require_current
from cscs_sql.state_report import schema_state
from cscs_sql.timescale import TimescaleChoice
from tests.sql_databases import NOW, Fresh, initialised, postgresql
from tests.unit.sql.store_rows import FIRST, HOUR, fill

ZURICH = ZoneInfo("Europe/Zurich")


def test_a_new_store_is_current_and_knows_its_zone(empty_database: str) -> None:
    made = initialise(empty_database, zone=ZURICH, now=NOW)
    state = schema_state(empty_database)

    assert made.is_new
    assert made.layout is state.layout
    assert (state.kind, state.revision, state.pending) == (SchemaKind.CURRENT, head(), ())
    assert state.zone == "Europe/Zurich"


def test_making_it_twice_is_harmless(database: str) -> None:
    with opened(database) as connection:
        fill(connection)

    again = initialise(database, zone=UTC, now=NOW + timedelta(days=31))

    assert not again.is_new
    assert schema_state(database).rows["resource_usage_events"] == 3


def test_making_it_again_later_makes_the_partitions_that_are_missing(tmp_path: Path) -> None:
    with postgresql(tmp_path) as url:
        first = initialise(url, zone=UTC, now=NOW, partitions_ahead=0)
        second = initialise(url, zone=UTC, now=NOW, partitions_ahead=2)

        assert list(map(str, first.months)) == ["2025-11"]
        assert list(map(str, second.months)) == ["2025-12", "2026-01"]


def test_making_it_again_for_another_zone_is_refused(database: str) -> None:
    with pytest.raises(OutdatedStoreError, match="cscs events rebuild"):
        initialise(database, zone=ZURICH, now=NOW)


@pytest.mark.parametrize("zone", [timezone(HOUR), timezone(HOUR, "Here")])
def test_a_zone_has_to_have_a_name_that_others_know(empty_database: str, zone: timezone) -> None:
    with pytest.raises(InvalidValueError, match="Europe/Zurich"):
        initialise(empty_database, zone=zone, now=NOW)

    assert schema_state(empty_database).kind is SchemaKind.ABSENT


def test_timescaledb_is_refused_where_there_is_none(empty_database: str) -> None:
    with pytest.raises(InvalidValueError, match=r"TIMESCALE_SETUP\.md"):
        initialise(empty_database, zone=UTC, now=NOW, timescale=TimescaleChoice.ON)

    assert schema_state(empty_database).kind is SchemaKind.ABSENT


def test_without_timescaledb_events_are_in_plain_tables(fresh: Fresh, tmp_path: Path) -> None:
    with fresh(tmp_path) as url:
        made = initialise(url, zone=UTC, now=NOW, timescale=TimescaleChoice.OFF)

        assert made.layout is Layout(fresh.__name__)


def test_retention_is_refused_where_nothing_would_drop(empty_database: str) -> None:
    with pytest.raises(InvalidValueError, match="needs TimescaleDB"):
        initialise(empty_database, zone=UTC, now=NOW, retention_days=400)

    assert schema_state(empty_database).kind is SchemaKind.ABSENT


def test_what_is_refused_leaves_no_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"

    with pytest.raises(InvalidValueError):
        initialise(url, zone=UTC, now=NOW, timescale=TimescaleChoice.ON)
    with pytest.raises(InvalidValueError):
        initialise(url, zone=UTC, now=NOW, retention_days=400)

    assert list(tmp_path.iterdir()) == []


def test_tables_of_postgresql_are_not_turned_into_a_hypertable(tmp_path: Path) -> None:
    refused = pytest.raises(InvalidValueError, match="stay there")
    with initialised(postgresql, tmp_path) as url, refused:
        initialise(url, zone=UTC, now=NOW, timescale=TimescaleChoice.ON)


@pytest.mark.parametrize(("compress", "retention"), [(0, None), (7, 179), (7, -1)])
def test_policies_that_cannot_be_meant_are_refused(compress: int, retention: int | None) -> None:
    with pytest.raises(InvalidValueError, match="is less than"):
        initialise(
            "sqlite:///never.sqlite3",
            zone=UTC,
            now=NOW,
            compress_after_days=compress,
            retention_days=retention,
        )


def test_a_store_without_tables_says_how_to_make_them(empty_database: str) -> None:
    state = schema_state(empty_database)

    assert (state.kind, state.revision, state.zone) == (SchemaKind.ABSENT, None, None)
    assert [each.id for each in state.pending] == ["0001", "0002", "0003"]
    with pytest.raises(OutdatedStoreError, match="run: cscs events init"):
        upgrade(empty_database)


def test_an_outdated_store_says_how_to_upgrade_it(database: str) -> None:
    downgrade(database, "0002")
    state = schema_state(database)

    assert (state.kind, state.revision) == (SchemaKind.OUTDATED, "0002")
    assert [each.id for each in state.pending] == ["0003"]
    with opened(database) as connection, pytest.raises(OutdatedStoreError, match="events upgrade"):
        require_current(connection)
    with pytest.raises(OutdatedStoreError, match="events upgrade"):
        initialise(database, zone=UTC, now=NOW)


def test_a_newer_store_is_left_alone(database: str) -> None:
    with opened(database) as connection:
        connection.exec_driver_sql(f"UPDATE {REVISION_TABLE} SET version_num = '0999'")

    assert schema_state(database).kind is SchemaKind.NEWER
    with pytest.raises(OutdatedStoreError, match="a newer cscs-domain"):
        upgrade(database)
    with pytest.raises(OutdatedStoreError, match="a newer cscs-domain"):
        downgrade(database, "base")


def test_tables_of_somebody_else_are_left_alone(empty_database: str) -> None:
    create_file(empty_database)
    with opened(empty_database) as connection:
        connection.exec_driver_sql("CREATE TABLE directory_users (id INTEGER)")

    assert schema_state(empty_database).kind is SchemaKind.FOREIGN
    with pytest.raises(OutdatedStoreError, match="of somebody"):
        initialise(empty_database, zone=UTC, now=NOW)


def test_a_current_store_passes_with_its_zone_only(database: str) -> None:
    with opened(database) as connection:
        require_current(connection)
        require_current(connection, UTC)
        with pytest.raises(OutdatedStoreError, match="cscs events rebuild"):
            require_current(connection, ZURICH)


async def test_a_server_can_ask_on_its_own_connection(database: str) -> None:
    engine = async_engine(database)
    async with engine.connect() as connection:
        await connection.run_sync(require_current, UTC)
    await engine.dispose()


def test_the_state_tells_how_much_there_is(database: str) -> None:
    with opened(database) as connection:
        fill(connection)
    state = schema_state(database)

    assert state.rows["resource_usage_events"] == 3
    assert state.rows["resource_usage_link_corrections"] == 2
    assert (state.first_event, state.last_event) == (FIRST, FIRST + 2 * HOUR)
    assert state.touched_days == 1
    assert state.size_bytes > 10_000


def test_asking_for_the_state_makes_no_file(tmp_path: Path) -> None:
    assert schema_state(f"sqlite:///{tmp_path / 'none.sqlite3'}").kind is SchemaKind.ABSENT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["0004", "0", "", "head", "--1", "-x", "0001; DROP"])
def test_only_an_older_revision_can_be_gone_back_to(database: str, to: str) -> None:
    with pytest.raises(InvalidValueError, match="is none of base, 0001"):
        downgrade(database, to)


def test_more_steps_back_than_there_are_end_at_the_base(database: str) -> None:
    assert len(downgrade(database, "-99")) == 3
