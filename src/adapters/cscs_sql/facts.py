"""What the store knows about itself: the zone of its days, the version of its directory."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_sql.schema import facts

SITE_TIMEZONE: Final = "site_timezone"
DIRECTORY_VERSION: Final = "directory_version"


def zone_name(zone: tzinfo) -> str:
    """The name of a zone as it is kept. Raises `InvalidValueError` for one that has none."""
    name = str(zone)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        reason = "is no zone of the time zone database, such as Europe/Zurich"
        raise InvalidValueError("site_timezone", shown(name), reason) from None
    return name


def read_zone(connection: Connection) -> str | None:
    """The name of the zone, if it has been written."""
    return connection.scalar(select(facts.c.value).where(facts.c.name == SITE_TIMEZONE))


def write_zone(connection: Connection, name: str) -> None:
    """Put the name of the zone there, whatever stood there.

    The row stays the same one: who waits for its end of a transaction reads the new name then.
    """
    _write(connection, SITE_TIMEZONE, name)


def write_directory_version(connection: Connection) -> None:
    """Tell whoever remembers the directory that it is another one now."""
    _write(connection, DIRECTORY_VERSION, uuid4().hex)


def _write(connection: Connection, name: str, value: str) -> None:
    changed = connection.execute(update(facts).where(facts.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(facts).values(name=name, value=value))
