"""Telling "the database is away" from a mistake of ours, in sentences without addresses."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cscs_domain.errors import StoreUnavailableError
from cscs_sql.missing_rights import missing_right
from cscs_sql.schema import receipts

SERVICE: Final = "the event store"

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_NOMEM: "has no memory left",
    sqlite3.SQLITE_READONLY: "cannot be written to",
    sqlite3.SQLITE_IOERR: "cannot be read or written: input/output error",
    sqlite3.SQLITE_FULL: "cannot be written to: the disk is full",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "is locked by another process",
}
_SQLITE_FULL: Final = dict.fromkeys(
    (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP),
    "cannot be written to: its disk, or what may be used of it, is full or broken",
)
"""A full disk is called this where files beside the database cannot grow."""
_SQLITE_BROKEN: Final = {
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is no SQLite file",
}
_POSTGRESQL: Final = {
    "08": "broke the connection off",
    "25006": "takes no writes at present",
    "40": "could not bring writers in line, however often they tried",
    "53": "has no room for more",
    "55": "has locked what we need",
    "57": "is shutting down, or ended our work",
    "58": "has trouble with its disk",
}
"""By SQLSTATE or its class, the first two characters."""
_CLOSED: Final = "does not let us in: check the name of the database, the user and the password"
_POSTGRESQL_CLOSED: Final = {
    "28": _CLOSED,
    "3D": _CLOSED,
    # A row of an index has less than 3 KB, and what ours hold is bounded before.
    "54": "does not take what is too large for a row of an index, or for a statement",
}
"""The same, of what somebody has to mend."""
_NO_RIGHT: Final = "42501"
_REFUSALS: Final = (
    re.compile(r"FATAL: .*(?:does not exist|authentication failed|no pg_hba\.conf entry)"),
    re.compile(r"FATAL: .*(?:is not permitted to log in|permission denied for database)"),
    re.compile("no password supplied"),
)
"""What servers say to who connects: without a SQLSTATE, and with names that nobody shall read."""
_MISUNDERSTOOD: Final = re.compile(
    r"(?:invalid \w+ value|invalid port number|bad value for|FATAL: .*(?:unrecognized|invalid))"
)
_SQLITE_LACKS: Final = re.compile("no such table|no such column|has no column named")
_UNREACHABLE: Final = "cannot be reached, or broke the connection off"
_SERIALIZATION_FAILURE: Final = "40001"
_DEADLOCK: Final = "40P01"


@contextmanager
def telling_unavailability() -> Iterator[None]:
    """Raise `StoreUnavailableError` for everything that means that the database is away.

    What violates a constraint or names no table is a mistake of ours, and passes.
    """
    try:
        yield
    except PoolTimeoutError:
        reason = "no connection became free in time"
        raise StoreUnavailableError(SERVICE, reason) from None
    except DBAPIError as error:
        raise _unavailable(error) or error from None
    except (psycopg.Error, sqlite3.Error) as error:
        # Not all that happens while a connection opens or closes comes wrapped.
        raise _of_driver(error) or error from None


def may_be_repeated(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, and the next attempt will find it finished.

    Of one batch that is stored twice at once only one can write its receipt down.
    """
    cause = error.orig
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return cause.diag.constraint_name == receipts.primary_key.name
    return getattr(cause, "sqlstate", None) in {_SERIALIZATION_FAILURE, _DEADLOCK}


def lacks_partition(error: DBAPIError) -> bool:
    """Whether a row found no partition: no constraint of a table has been violated then."""
    cause = error.orig
    return isinstance(cause, psycopg.errors.CheckViolation) and not cause.diag.constraint_name


def lacks_something(error: DBAPIError) -> bool:
    """Whether a table or a column is not there."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _SQLITE_LACKS.search(str(cause)) is not None
    return isinstance(cause, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn))


def _unavailable(error: DBAPIError) -> StoreUnavailableError | None:
    told = None if error.orig is None else _of_driver(error.orig)
    if told is None and error.connection_invalidated:
        return StoreUnavailableError(SERVICE, f"PostgreSQL {_UNREACHABLE}")
    return told


def _of_driver(cause: BaseException) -> StoreUnavailableError | None:
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if isinstance(cause, psycopg.Error):
        return _of_postgresql(cause)
    return None


def _of_postgresql(cause: psycopg.Error) -> StoreUnavailableError | None:
    state = cause.sqlstate or ""
    if not state and (reason := _refusal(str(cause))):
        return StoreUnavailableError(SERVICE, f"PostgreSQL {reason}", retryable=False)
    told = f" ({state})" if state else ""
    if state == _NO_RIGHT:
        reason = missing_right(cause.diag.message_primary or "")
        return StoreUnavailableError(SERVICE, f"PostgreSQL {reason}{told}", retryable=False)
    if reason := _POSTGRESQL_CLOSED.get(state) or _POSTGRESQL_CLOSED.get(state[:2]):
        return StoreUnavailableError(SERVICE, f"PostgreSQL {reason}{told}", retryable=False)
    if reason := _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]):
        return StoreUnavailableError(SERVICE, f"PostgreSQL {reason}{told}")
    if isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
        return StoreUnavailableError(SERVICE, f"PostgreSQL {_UNREACHABLE}{told}")
    return None


def _refusal(text: str) -> str | None:
    """Why the server does not take the connection, unless it may later."""
    if any(pattern.search(text) for pattern in _REFUSALS):
        return _CLOSED
    if _MISUNDERSTOOD.search(text):
        return "does not understand the URL: check its parameters"
    return None


def _of_sqlite(cause: sqlite3.Error) -> StoreUnavailableError | None:
    # Extended codes have the plain one in their lowest byte.
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return None
    if reason := _SQLITE_FULL.get(code) or _SQLITE.get(code & 0xFF):
        return StoreUnavailableError(SERVICE, f"the SQLite file {reason}")
    if reason := _SQLITE_BROKEN.get(code & 0xFF):
        return StoreUnavailableError(SERVICE, f"the SQLite file {reason}", retryable=False)
    return None
