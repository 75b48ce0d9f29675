"""Statements on paper do to an empty database what `initialise` does."""

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_sql.database_urls import parsed
from cscs_sql.dialects import Layout
from cscs_sql.opening import opened
from cscs_sql.printed_ddl import printed_ddl
from cscs_sql.schema_state import SchemaKind, require_current
from cscs_sql.state_report import schema_state
from tests.sql_databases import NOW, initialised, postgresql, sqlite
from tests.unit.sql.described_tables import described

ZURICH = ZoneInfo("Europe/Zurich")
TIMESCALE = """\
SELECT create_hypertable('resource_usage_events', 'time_window_start', \
chunk_time_interval => INTERVAL '30 days', create_default_indexes => FALSE);

ALTER TABLE resource_usage_events SET (timescaledb.compress, \
timescaledb.compress_segmentby = 'source, project_slug', \
timescaledb.compress_orderby = 'time_window_start DESC');

CREATE TABLE resource_usage_event_links ("""


def printed(layout: Layout, retention_days: int | None = None) -> str:
    return printed_ddl(
        layout, zone=ZURICH, now=NOW, partitions_ahead=1, retention_days=retention_days
    )


def test_on_sqlite_it_makes_the_same_tables(tmp_path: Path) -> None:
    with sqlite(tmp_path) as by_hand, initialised(sqlite, tmp_path, ZURICH) as by_us:
        connection = sqlite3.connect(str(parsed(by_hand).database))
        connection.executescript(printed(Layout.SQLITE))
        connection.close()

        assert same(by_hand, by_us)


def test_on_postgresql_it_makes_the_same_tables(tmp_path: Path) -> None:
    with postgresql(tmp_path) as by_hand, initialised(postgresql, tmp_path, ZURICH) as by_us:
        with psycopg.connect(by_hand, autocommit=True) as connection:
            connection.execute(printed(Layout.POSTGRESQL).encode())

        assert same(by_hand, by_us)
        assert schema_state(by_hand).partitions == (
            "resource_usage_events_y2025m11",
            "resource_usage_events_y2025m12",
        )


def same(by_hand: str, by_us: str) -> bool:
    with opened(by_hand) as one, opened(by_us) as other:
        require_current(one, ZURICH)
        assert described(one) == described(other)
    return schema_state(by_hand).kind is SchemaKind.CURRENT


def test_on_timescaledb_it_makes_a_hypertable_and_no_partitions() -> None:
    script = printed(Layout.TIMESCALEDB)

    assert TIMESCALE in script
    assert script.index("CREATE EXTENSION IF NOT EXISTS timescaledb;") < script.index("BEGIN;")
    assert "PARTITION" not in script


def test_on_timescaledb_chunks_are_compressed_and_never_dropped_by_default() -> None:
    end = printed(Layout.TIMESCALEDB).partition("INSERT INTO resource_usage_store")[2]

    assert (
        end
        == """ (name, value) VALUES ('site_timezone', 'Europe/Zurich');

SELECT add_compression_policy('resource_usage_events', compress_after => INTERVAL '7 days');

COMMIT;
"""
    )


def test_retention_is_printed_where_it_is_configured() -> None:
    script = printed(Layout.TIMESCALEDB, 400)

    expected = (
        "SELECT add_retention_policy('resource_usage_events', drop_after => INTERVAL '400 days');"
    )
    assert expected in script


@pytest.mark.parametrize("layout", [Layout.SQLITE, Layout.POSTGRESQL])
def test_retention_is_refused_where_nothing_would_drop(layout: Layout) -> None:
    with pytest.raises(InvalidValueError, match="needs TimescaleDB"):
        printed(layout, 400)


def test_events_are_not_dropped_before_their_sums_are_safe() -> None:
    with pytest.raises(InvalidValueError, match="less than 180"):
        printed(Layout.TIMESCALEDB, 179)


@pytest.mark.parametrize("layout", Layout)
def test_it_is_one_transaction_without_python_in_it(layout: Layout) -> None:
    script = printed(layout)

    assert script.count("BEGIN;") == script.count("COMMIT;") == 1
    assert "%(" not in script
    assert ":name" not in script
