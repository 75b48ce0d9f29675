"""Whether the tables are those that this version works with."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from typing import Final

import attrs
from sqlalchemy import Connection, String, column, inspect, select, table

from cscs_domain.errors import OutdatedStoreError
from cscs_sql.facts import read_zone, zone_name
from cscs_sql.migrating import Revision, head, revisions
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.remedies import INITIALISE, NEWER_VERSION, REBUILD, UPGRADE
from cscs_sql.schema import metadata

_REVISION: Final = select(column("version_num", String)).select_from(table(REVISION_TABLE))


class SchemaKind(StrEnum):
    """How the tables stand to this version."""

    ABSENT = "absent"
    """There are none."""
    CURRENT = "current"
    OUTDATED = "outdated"
    """Steps are missing; events are safe and the tables can be brought up to date."""
    NEWER = "newer"
    """A newer cscs-domain has been here."""
    FOREIGN = "foreign"
    """Tables with our names, but nothing says which of our revisions they are."""


@attrs.frozen(kw_only=True)
class SchemaVersion:
    """The revision of the tables, and what this version would do about it."""

    kind: SchemaKind
    revision: str | None
    pending: tuple[Revision, ...] = ()

    def require(self, *allowed: SchemaKind) -> None:
        """Raise `OutdatedStoreError` with what to do unless it is one of these."""
        if self.kind in allowed:
            return
        match self.kind:
            case SchemaKind.ABSENT:
                raise OutdatedStoreError("the event store has no tables yet", INITIALISE)
            case SchemaKind.CURRENT:
                raise OutdatedStoreError("the event store has its tables already", UPGRADE)
            case SchemaKind.OUTDATED:
                reason = f"the event store is of revision {self.revision} and not {head()}"
                raise OutdatedStoreError(reason, UPGRADE)
            case SchemaKind.NEWER:
                reason = f"the event store is of revision {self.revision}, newer than {head()}"
                raise OutdatedStoreError(reason, NEWER_VERSION)
            case SchemaKind.FOREIGN:
                reason = "the database has tables with the names of the event store's, of somebody"
                remedy = f"{INITIALISE} with another database, or after removing those tables"
                raise OutdatedStoreError(reason, remedy)


def version_of(connection: Connection) -> SchemaVersion:
    """What is there, by the tables' names and the revision that is written down."""
    names = set(inspect(connection).get_table_names())
    revision = connection.scalar(_REVISION) if REVISION_TABLE in names else None
    if revision is None:
        kind = SchemaKind.FOREIGN if names & set(metadata.tables) else SchemaKind.ABSENT
        return SchemaVersion(kind=kind, revision=None, pending=revisions())
    return _of_revision(str(revision))


def require_current(connection: Connection, zone: tzinfo | None = None) -> None:
    """Raise `OutdatedStoreError` unless the tables, and the zone if one is given, are ours.

    Its text is the command that mends it.
    """
    version_of(connection).require(SchemaKind.CURRENT)
    if zone is not None:
        require_zone(read_zone(connection), zone_name(zone))


def require_revision(revision: str | None) -> None:
    """Raise `OutdatedStoreError` unless the revision is the one that this version works with."""
    if revision is None:
        SchemaVersion(kind=SchemaKind.ABSENT, revision=None).require(SchemaKind.CURRENT)
    else:
        _of_revision(revision).require(SchemaKind.CURRENT)


def require_zone(kept: str | None, wanted: str) -> None:
    """Raise `OutdatedStoreError` unless the days in sums are of this zone."""
    if kept != wanted:
        reason = f"the event store sums up days of {kept or 'no zone'} and not of {wanted}"
        raise OutdatedStoreError(reason, REBUILD)


def _of_revision(revision: str) -> SchemaVersion:
    known = [each.id for each in revisions()]
    if revision not in known:
        return SchemaVersion(kind=SchemaKind.NEWER, revision=revision)
    pending = revisions()[known.index(revision) + 1 :]
    kind = SchemaKind.OUTDATED if pending else SchemaKind.CURRENT
    return SchemaVersion(kind=kind, revision=revision, pending=pending)
