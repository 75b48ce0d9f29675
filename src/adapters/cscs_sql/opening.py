"""Opening the database for one piece of work, with errors of drivers turned into ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from cscs_domain._text import label
from cscs_domain.errors import StoreUnavailableError
from cscs_sql.availability import SERVICE, telling_unavailability
from cscs_sql.database_urls import parsed, reading, sync_engine, writing

_OWNER_ONLY: Final = 0o600


@contextmanager
def opened(url: str, *, writes: bool = True) -> Iterator[Connection]:
    """A connection in a transaction, committed in the end unless something was raised.

    It takes the writer's lock of SQLite at once. If it never `writes`, it sees one moment of the
    database however long it takes. Raises `StoreUnavailableError`.
    """
    engine = sync_engine(url, pool_size=1)
    try:
        suited = writing(engine) if writes else reading(engine)
        with telling_unavailability(), suited.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def create_file(url: str) -> None:
    """Make an empty file for SQLite, unless there is one. It will hold people's data, so its
    owner alone may read it; SQLite gives its neighbours the same permissions.
    """
    where = parsed(url)
    if where.drivername != "sqlite":
        return
    path = Path(str(where.database))
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY))
    except OSError as error:
        reason = f"{label(str(path))} cannot be opened: {error.strerror}"
        raise StoreUnavailableError(SERVICE, reason, retryable=False) from None


def file_is_missing(url: str) -> bool:
    """Whether that is a file of SQLite that is not there."""
    where = parsed(url)
    return where.drivername == "sqlite" and not Path(str(where.database)).exists()
