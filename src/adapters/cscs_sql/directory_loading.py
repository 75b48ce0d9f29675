"""Putting a directory into the tables, whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs
from sqlalchemy import Connection, Table, delete

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.field_rules import can_be_kept
from cscs_sql.directory_rows import (
    ALLOCATIONS,
    PROJECTS,
    REQUESTS,
    USERS,
    Values,
    allocation_of,
    allocation_values,
    project_of,
    project_values,
    request_of,
    request_values,
    user_of,
    user_values,
)
from cscs_sql.facts import write_directory_version
from cscs_sql.json_columns import insertion
from cscs_sql.locks import Lock, take
from cscs_sql.opening import opened
from cscs_sql.schema import (
    directory_allocations,
    directory_openstack_requests,
    directory_projects,
    directory_users,
)
from cscs_sql.schema_state import require_current

_AT_ONCE: Final = 1000

_Keyed: TypeAlias = dict[str, object]
"""Records by their id."""


@attrs.frozen(kw_only=True)
class SectionChange:
    """How many records of one kind there are now, and how they differ from those before."""

    records: int
    added: int
    changed: int
    removed: int


@attrs.frozen(kw_only=True)
class DirectoryChange:
    """What loading a directory changed, or would change."""

    users: SectionChange
    projects: SectionChange
    allocations: SectionChange
    openstack_requests: SectionChange


def load_directory(
    url: str, directory: KnownDirectory, *, dry_run: bool = False
) -> DirectoryChange:
    """Put this directory in the place of the one in the tables, in one transaction.

    Who looks something up meanwhile finds the old one. Links of past events stay as they are until
    they are made again. With `dry_run` nothing is written. Raises `InvalidValueError` if an id
    stands for two records, or a text cannot be kept.
    """
    rows = _rows(directory)
    for table, values in rows.items():
        _check(table, values)
    with opened(url, writes=not dry_run) as connection:
        require_current(connection)
        take(connection, Lock.DIRECTORY)
        change = _compared(read_directory(connection), directory)
        if not dry_run:
            for table, values in rows.items():
                _replace(connection, table, values)
                # Or else it may read whole tables for some time, instead of looking things up.
                connection.exec_driver_sql(f"ANALYZE {table.name}")
            write_directory_version(connection)
    return change


def read_directory(connection: Connection) -> KnownDirectory:
    """The whole directory in the tables."""
    return KnownDirectory(
        users=tuple(map(user_of, connection.execute(USERS))),
        projects=tuple(map(project_of, connection.execute(PROJECTS))),
        allocations=tuple(map(allocation_of, connection.execute(ALLOCATIONS))),
        openstack_requests=tuple(map(request_of, connection.execute(REQUESTS))),
    )


def _rows(directory: KnownDirectory) -> dict[Table, list[Values]]:
    projects = {project.id: project for project in directory.projects}
    requests = directory.openstack_requests
    return {
        directory_users: list(map(user_values, directory.users)),
        directory_projects: list(map(project_values, directory.projects)),
        directory_allocations: list(map(allocation_values, directory.allocations)),
        directory_openstack_requests: [
            request_values(request, projects.get(request.project)) for request in requests
        ],
    }


def _check(table: Table, rows: Iterable[Values]) -> None:
    ids: set[object] = set()
    for values in rows:
        for name, value in values.items():
            if isinstance(value, str) and not can_be_kept(value):
                what = f"{table.name}.{name}"
                raise InvalidValueError(what, shown(value), "holds a character that cannot be kept")
        id_ = values.get("id")
        if id_ is not None and id_ in ids:
            raise InvalidValueError(f"{table.name}.id", shown(id_), "stands for two records")
        ids.add(id_)


def _replace(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    connection.execute(delete(table))
    if not rows:
        return
    statement = insertion(table, (table.c[name] for name in rows[0]))
    for first in range(0, len(rows), _AT_ONCE):
        connection.execute(statement, list(rows[first : first + _AT_ONCE]))


def _compared(old: KnownDirectory, new: KnownDirectory) -> DirectoryChange:
    return DirectoryChange(
        users=_by_id({one.id: one for one in old.users}, {one.id: one for one in new.users}),
        projects=_by_id(
            {one.id: one for one in old.projects}, {one.id: one for one in new.projects}
        ),
        allocations=_by_id(
            {one.id: one for one in old.allocations}, {one.id: one for one in new.allocations}
        ),
        openstack_requests=_by_content(old.openstack_requests, new.openstack_requests),
    )


def _by_id(old: _Keyed, new: _Keyed) -> SectionChange:
    return SectionChange(
        records=len(new),
        added=len(new.keys() - old.keys()),
        changed=sum(old[key] != new[key] for key in new.keys() & old.keys()),
        removed=len(old.keys() - new.keys()),
    )


def _by_content(old: Sequence[Hashable], new: Sequence[Hashable]) -> SectionChange:
    """Requests have no id: another content is another request."""
    before, after = Counter(old), Counter(new)
    return SectionChange(
        records=len(new),
        added=(after - before).total(),
        changed=0,
        removed=(before - after).total(),
    )
