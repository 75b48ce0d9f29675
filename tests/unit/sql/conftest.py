"""Databases for the tests of this folder: each test with `fresh` runs on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sql_databases import BOTH, Fresh, initialised


@pytest.fixture(params=BOTH, ids=lambda fresh: fresh.__name__)
def fresh(request: pytest.FixtureRequest) -> Fresh:
    """Makes an empty database of each kind in turn."""
    made: Fresh = request.param
    return made


@pytest.fixture
def empty_database(fresh: Fresh, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    with fresh(tmp_path) as url:
        yield url


@pytest.fixture
def database(fresh: Fresh, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with all tables; the zone is UTC."""
    with initialised(fresh, tmp_path) as url:
        yield url
