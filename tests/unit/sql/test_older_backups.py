"""A backup before an upgrade or a downgrade holds what there is, and goes into a new store."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, timedelta
from itertools import product
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect

from cscs_domain.errors import InvalidValueError, OutdatedStoreError
from cscs_sql.administration import downgrade, upgrade
from cscs_sql.backup import backup
from cscs_sql.backup_format import tables_of
from cscs_sql.migrating import revisions
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.opening import opened
from cscs_sql.restoring import restore
from cscs_sql.schema import directory_users, summaries, touched_days
from cscs_sql.state_report import schema_state
from tests.events_site import NOW
from tests.sql_databases import BOTH, Fresh, initialised, sqlite
from tests.unit.sql.store_rows import content, fill
from tests.unit.sql.store_site import OF_P1, opened_store, run, some

ZURICH: Final = ZoneInfo("Europe/Zurich")
EVERY_REVISION: Final = [each.id for each in revisions()]
OLDER: Final = EVERY_REVISION[:-1]


def filled(url: str) -> None:
    with opened(url) as connection:
        fill(connection)


@pytest.mark.parametrize("revision", EVERY_REVISION)
def test_the_tables_of_a_revision_are_those_that_its_migration_leaves(
    database: str, revision: str
) -> None:
    """With their columns: a revision that changes one has to say how backups of it are read."""
    if revision != EVERY_REVISION[-1]:
        downgrade(database, revision)
    with opened(database) as connection:
        found = inspect(connection)
        names = {
            name
            for name in found.get_table_names()
            if not name.startswith("resource_usage_events_y") and name != REVISION_TABLE
        }
        columns = {name: [each["name"] for each in found.get_columns(name)] for name in names}

    assert columns == {
        table.name: [column.name for column in table.table.columns] for table in tables_of(revision)
    }


@pytest.mark.parametrize("revision", OLDER)
@pytest.mark.parametrize(
    ("one", "other"), list(product(BOTH, BOTH)), ids=lambda fresh: fresh.__name__
)
def test_what_was_in_an_older_store_is_in_the_new_one(
    one: Fresh, other: Fresh, revision: str, tmp_path: Path
) -> None:
    path = tmp_path / "before.backup"
    with initialised(one, tmp_path) as old, initialised(other, tmp_path) as new:
        filled(old)
        downgrade(old, revision)
        written = backup(old, path)
        restored = restore(new, path)
        upgrade(old)

        assert written == restored
        with opened(old) as before, opened(new) as after:
            assert days(content(before)) == days(content(after))
            assert without_days(content(before)) == without_days(content(after))


Content = dict[str, list[tuple[object, ...]]]


def days(rows: Content) -> set[object]:
    """Those to sum up again, each once."""
    return {day for (day,) in rows[touched_days.name]}


def without_days(rows: Content) -> Content:
    return {name: its for name, its in rows.items() if name != touched_days.name}


def test_a_backup_says_of_which_revision_it_is(database: str, tmp_path: Path) -> None:
    path = tmp_path / "before.backup"
    filled(database)
    downgrade(database, "0001")
    written = backup(database, path)

    lines = list(map(json.loads, gzip.decompress(path.read_bytes()).splitlines()))
    assert lines[0]["revision"] == "0001"
    assert directory_users.name not in written.rows
    assert summaries.name not in written.rows


@pytest.mark.parametrize("revision", OLDER)
async def test_sums_that_a_backup_lacks_are_computed_anew(
    database: str, tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "before.backup"
    async with opened_store(database) as store:
        await store.store(some(range(30)), at=NOW)
        expected = await store.daily_sums(OF_P1)
    downgrade(database, revision)
    backup(database, path)

    with initialised(sqlite, tmp_path) as url:
        restore(url, path)
        async with opened_store(url) as restored:
            assert await restored.daily_sums(OF_P1) == expected
    assert [one.day for one in expected] == [date(2025, 11, 19) + timedelta(days=n) for n in (0, 1)]


def test_days_are_those_of_the_zone_of_the_backup(tmp_path: Path) -> None:
    """The first event of the rows is of October in UTC, and of November in Zurich."""
    path = tmp_path / "before.backup"
    with initialised(sqlite, tmp_path, ZURICH) as old, initialised(sqlite, tmp_path, UTC) as new:
        filled(old)
        run(old, "DELETE FROM resource_usage_touched_days")
        downgrade(old, "0001")
        backup(old, path)
        restore(new, path)

        with opened(new) as connection:
            assert days(content(connection)) == {date(2025, 11, 1)}


def test_a_zone_that_this_machine_does_not_know_is_said_to_be_unknown(tmp_path: Path) -> None:
    path = tmp_path / "before.backup"
    with initialised(sqlite, tmp_path) as old, initialised(sqlite, tmp_path) as new:
        run(old, "UPDATE resource_usage_store SET value = 'Europe/Atlantis'")
        downgrade(old, "0001")
        backup(old, path)

        with pytest.raises(InvalidValueError, match="Europe/Atlantis"):
            restore(new, path)

        assert schema_state(new).zone == "UTC"


def test_a_store_of_a_newer_version_is_not_backed_up_by_this_one(
    database: str, tmp_path: Path
) -> None:
    run(database, f"UPDATE {REVISION_TABLE} SET version_num = '0999'")

    with pytest.raises(OutdatedStoreError, match="a newer cscs-domain"):
        backup(database, tmp_path / "none.backup")

    assert not (tmp_path / "none.backup").exists()
