"""A backup holds everything, goes into any database, and is refused when it is not whole."""

import gzip
import json
import stat
from collections.abc import Callable
from datetime import UTC
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cscs_domain.errors import InvalidValueError, OutdatedStoreError
from cscs_sql.administration import downgrade, rebuild
from cscs_sql.backup import backup
from cscs_sql.opening import opened
from cscs_sql.restoring import restore
from cscs_sql.state_report import schema_state
from tests.sql_databases import BOTH, Fresh, initialised, postgresql, sqlite
from tests.unit.sql.store_rows import content, fill

ZURICH = ZoneInfo("Europe/Zurich")


def filled(url: str, count: int = 3) -> None:
    with opened(url) as connection:
        fill(connection, count)


@pytest.mark.parametrize(
    ("one", "other"), list(product(BOTH, BOTH)), ids=lambda fresh: fresh.__name__
)
def test_what_was_in_one_database_is_in_the_other(one: Fresh, other: Fresh, tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(one, tmp_path) as old, initialised(other, tmp_path) as new:
        filled(old)
        written = backup(old, path)
        restored = restore(new, path)

        assert written == restored
        assert written.rows["resource_usage_events"] == 3
        with opened(old) as before, opened(new) as after:
            assert content(before) == content(after)


def test_there_and_back_again_gives_the_same_file(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("1.gz", "2.gz", "3.gz"))
    with (
        initialised(postgresql, tmp_path) as start,
        initialised(sqlite, tmp_path) as middle,
        initialised(postgresql, tmp_path) as end,
    ):
        filled(start)
        backup(start, first)
        restore(middle, first)
        backup(middle, second)
        restore(end, second)
        backup(end, third)

    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_a_store_after_restoring_takes_new_rows(database: str, tmp_path: Path) -> None:
    """What counts up by itself goes on after the last number."""
    path = tmp_path / "backup.gz"
    filled(database)
    backup(database, path)
    downgrade(database, "base")
    with initialised(sqlite, tmp_path) as url:
        restore(url, path)
        rebuild(url, UTC)

        assert schema_state(url).touched_days == 2


def test_a_restored_store_has_the_zone_of_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(sqlite, tmp_path, ZURICH) as old, initialised(sqlite, tmp_path, UTC) as new:
        backup(old, path)
        restore(new, path)

        assert schema_state(new).zone == "Europe/Zurich"


def test_the_file_is_its_owners_alone_and_takes_the_place_of_another(
    database: str, tmp_path: Path
) -> None:
    path = tmp_path / "backup.gz"
    path.write_text("older")

    backup(database, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert gzip.decompress(path.read_bytes()).startswith(b'{"format":"cscs-events-backup"')
    assert not [each for each in tmp_path.iterdir() if each.name.endswith(".part")]


def test_nothing_is_left_of_a_backup_that_failed(database: str, tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    path.write_text("older")

    def fail(table: str, rows: int) -> None:
        raise KeyboardInterrupt(table, rows)

    filled(database)
    with pytest.raises(KeyboardInterrupt):
        backup(database, path, progress=fail)

    assert path.read_text() == "older"
    assert not [each for each in tmp_path.iterdir() if each.name.endswith(".part")]


def test_a_backup_is_of_one_moment(database: str, tmp_path: Path) -> None:
    """Events that come in while it is being written are not in it, nor are their parts."""
    path = tmp_path / "backup.gz"
    filled(database)

    def add(table: str, _rows: int) -> None:
        if table == "directory_users":
            with opened(database) as connection:
                connection.exec_driver_sql("DELETE FROM resource_usage_event_links")
                connection.exec_driver_sql("DELETE FROM resource_usage_events")

    written = backup(database, path, progress=add)

    assert written.rows["resource_usage_event_links"] == 1
    assert written.rows["resource_usage_events"] == 3
    assert schema_state(database).rows["resource_usage_events"] == 0


def test_progress_is_told_by_table_and_rows(database: str, tmp_path: Path) -> None:
    path, told = tmp_path / "backup.gz", list[tuple[str, int]]()
    filled(database, 2500)

    backup(database, path, progress=lambda table, rows: told.append((table, rows)))

    events = [rows for table, rows in told if table == "resource_usage_events"]
    assert events == [1000, 2000, 2500]


def test_a_store_that_holds_something_is_not_restored_into(database: str, tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    filled(database)
    backup(database, path)

    with pytest.raises(InvalidValueError, match="has rows already"):
        restore(database, path)


def test_tables_have_to_be_there_first(empty_database: str, tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(sqlite, tmp_path) as url:
        backup(url, path)

    with pytest.raises(OutdatedStoreError, match="cscs events init"):
        restore(empty_database, path)
    with pytest.raises(OutdatedStoreError, match="cscs events init"):
        backup(empty_database, tmp_path / "none.gz")
    assert not (tmp_path / "none.gz").exists()


def packed(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join(lines))


def without_last_event(lines: list[bytes]) -> bytes:
    return packed([line for line in lines if b"0000-000000000002" not in line])


def with_another_number(lines: list[bytes]) -> bytes:
    return packed([line.replace(b'"climate"', b'"climatE"') for line in lines])


def with_an_event_twice(lines: list[bytes]) -> bytes:
    number = next(number for number, line in enumerate(lines) if b"9223372036854775807" in line)
    return packed([*lines[:number], lines[number], *lines[number:]])


def with_a_negative_number(lines: list[bytes]) -> bytes:
    return packed([line.replace(b"9223372036854775807", b"-1") for line in lines])


def with_a_wrong_type(lines: list[bytes]) -> bytes:
    return packed([line.replace(b"9223372036854775807", b'"many"') for line in lines])


def with_a_time_that_cannot_be(lines: list[bytes]) -> bytes:
    return packed([line.replace(b"1761953400000000", b"9" * 18) for line in lines])


def with_a_huge_number(lines: list[bytes]) -> bytes:
    return packed([line.replace(b"9223372036854775807", b"9" * 18_000) for line in lines])


def with_a_short_row(lines: list[bytes]) -> bytes:
    return packed([b"[]\n" if b"9223372036854775807" in line else line for line in lines])


def with_a_line_too_many(lines: list[bytes]) -> bytes:
    return packed([*lines, b"{}\n"])


def with_another_revision(lines: list[bytes]) -> bytes:
    return packed([lines[0].replace(b'"0003"', b'"0002"'), *lines[1:]])


def with_another_version(lines: list[bytes]) -> bytes:
    return packed([lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]])


def with_another_column(lines: list[bytes]) -> bytes:
    return packed([line.replace(b'"held_seconds"', b'"held"') for line in lines])


def without_trailer(lines: list[bytes]) -> bytes:
    return packed(lines[:-1])


def cut_in_the_middle(lines: list[bytes]) -> bytes:
    whole = packed(lines)
    return whole[: len(whole) // 2]


def with_a_flipped_bit(lines: list[bytes]) -> bytes:
    whole = bytearray(packed(lines))
    whole[len(whole) // 2] ^= 4
    return bytes(whole)


def not_packed(lines: list[bytes]) -> bytes:
    return b"".join(lines)


def empty(_lines: list[bytes]) -> bytes:
    return b""


SPOILED: list[Callable[[list[bytes]], bytes]] = [
    without_last_event,
    with_another_number,
    with_an_event_twice,
    with_a_negative_number,
    with_a_wrong_type,
    with_a_time_that_cannot_be,
    with_a_huge_number,
    with_a_short_row,
    with_a_line_too_many,
    with_another_revision,
    with_another_version,
    with_another_column,
    without_trailer,
    cut_in_the_middle,
    with_a_flipped_bit,
    not_packed,
    empty,
]


@pytest.mark.parametrize("fresh", BOTH, ids=lambda fresh: fresh.__name__)
def test_a_file_that_is_not_whole_changes_nothing(fresh: Fresh, tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(sqlite, tmp_path) as old, initialised(fresh, tmp_path, ZURICH) as new:
        filled(old)
        backup(old, path)
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        for spoil in SPOILED:
            path.write_bytes(spoil(lines))
            with pytest.raises(InvalidValueError):
                restore(new, path)

            rows = schema_state(new).rows
            assert sum(rows.values()) == rows["resource_usage_store"] == 1, spoil.__name__
        assert schema_state(new).zone == "Europe/Zurich"


def test_a_file_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(sqlite, tmp_path) as url:
        backup(url, path)
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        path.write_bytes(packed([lines[0].replace(b'"0003"', b'"0004"'), *lines[1:]]))

        with pytest.raises(InvalidValueError, match=r"0004.* a newer cscs-domain"):
            restore(url, path)


def test_lines_can_be_read_by_anybody(tmp_path: Path) -> None:
    path = tmp_path / "backup.gz"
    with initialised(sqlite, tmp_path) as url:
        filled(url)
        backup(url, path)

    lines = list(map(json.loads, gzip.decompress(path.read_bytes()).splitlines()))
    assert lines[0]["zone"] == "UTC"
    assert lines[-1]["rows"]["resource_usage_events"] == 3
