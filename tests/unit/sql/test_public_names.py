"""What a program of its own takes from the package, without the wiring of ours."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_sql import SqlDirectory, SqlUsageEventStore, async_engine
from cscs_sql.dialects import Layout
from cscs_sql.layouts import layout_at
from tests.events_site import NOW, an_event, linked
from tests.sql_databases import BOTH, Fresh, initialised, postgresql, sqlite


@pytest.mark.parametrize("fresh", BOTH)
async def test_store_and_directory_are_made_of_an_engine(fresh: Fresh, tmp_path: Path) -> None:
    with initialised(fresh, tmp_path) as url:
        store = SqlUsageEventStore(async_engine(url), zone=UTC)
        directory = SqlDirectory(async_engine(url))
        try:
            assert (await store.store([linked(an_event())], at=NOW)).stored == 1
            assert await directory.find(DirectoryQuery()) == KnownDirectory()
        finally:
            await store.close()
            await directory.close()


def test_the_layout_of_a_database_is_known_once_there_are_tables(tmp_path: Path) -> None:
    with postgresql(tmp_path) as url:
        assert layout_at(url) is None
    with initialised(postgresql, tmp_path) as url:
        assert layout_at(url) is Layout.POSTGRESQL
    with sqlite(tmp_path) as url:
        assert layout_at(url) is Layout.SQLITE
        assert list(tmp_path.iterdir()) == []
