"""The directory in tables of the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Text, any_, bindparam, func, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import Column

from cscs_domain.errors import OutdatedStoreError, UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.events.field_rules import can_be_kept
from cscs_domain.ports import Directory
from cscs_sql.availability import telling_unavailability
from cscs_sql.database_urls import seeing_one_moment
from cscs_sql.directory_rows import (
    ALLOCATIONS,
    PROJECTS,
    REQUESTS,
    USERS,
    allocation_of,
    project_of,
    request_of,
    user_of,
)
from cscs_sql.remedies import STATUS
from cscs_sql.schema import (
    directory_allocations,
    directory_openstack_requests,
    directory_projects,
    directory_users,
)

_Record = TypeVar("_Record")
_of_user: Final = directory_users.c
_of_project: Final = directory_projects.c
_of_allocation: Final = directory_allocations.c
_of_request: Final = directory_openstack_requests.c


class SqlDirectory:
    """Finds what a batch asks for in five statements at most, however many events it has."""

    def __init__(self, engine: AsyncEngine) -> None:
        # All statements of a query see one directory, also while another is loaded.
        self._engine = seeing_one_moment(engine)

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """Everything that the query names, with what belongs to it."""
        with telling_trouble():
            async with self._engine.connect() as connection:
                return await _Search(connection).found(query)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()


@contextmanager
def telling_trouble() -> Iterator[None]:
    """Raise `UpstreamServiceError` where the tables cannot be asked."""
    try:
        with telling_unavailability():
            yield
    except (DBAPIError, OutdatedStoreError):
        reason = f"its tables are not those of this version; see {STATUS}"
        raise UpstreamServiceError("the directory", reason, retryable=False) from None
    except (ValueError, msgspec.DecodeError):
        # Not quoted: it may be somebody's name.
        reason = "a row of its tables cannot be read; load the directory again"
        raise UpstreamServiceError("the directory", reason, retryable=False) from None


class _Search:
    """The statements of one query, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def found(self, query: DirectoryQuery) -> KnownDirectory:
        """What is asked for, and then what that refers to."""
        users = await self._records(
            USERS,
            user_of,
            (_of_user.external_id, query.external_ids),
            (_of_user.email_folded, query.emails),
            (_of_user.username_folded, query.usernames),
            (_of_user.id, query.user_ids),
        )
        requests = await self._records(
            REQUESTS,
            request_of,
            (_of_request.name, query.openstack_names),
            (_of_request.other_name, query.openstack_names),
        )
        of_allocations = await self._projects_of(query.allocation_ids)
        defaults = {user.default_project for user in users if user.default_project}
        projects = await self._records(
            PROJECTS,
            project_of,
            (_of_project.title_folded, query.titles),
            (_of_project.slug_folded, query.slugs),
            (_of_project.title_slug, query.slugs),
            (
                _of_project.id,
                query.project_ids
                | of_allocations
                | defaults
                | {request.project for request in requests},
            ),
        )
        allocations = await self._records(
            ALLOCATIONS,
            allocation_of,
            (_of_allocation.project, {project.id for project in projects}),
            (_of_allocation.id, query.allocation_ids),
        )
        return KnownDirectory(
            users=users,
            projects=projects,
            allocations=allocations,
            openstack_requests=requests,
        )

    async def _projects_of(self, allocations: Collection[str]) -> frozenset[str]:
        wanted = (_of_allocation.id, allocations)
        found = await self._records(select(_of_allocation.project), _first, wanted)
        return frozenset(found)

    async def _records(
        self,
        statement: Select[Any],
        record_of: Callable[[Row[Any]], _Record],
        *wanted: tuple[Column[Any], Collection[str]],
    ) -> tuple[_Record, ...]:
        """Rows that have one of the texts in one of the columns, each of them once."""
        parts = [statement.where(self._among(column, texts)) for column, texts in wanted if texts]
        if not parts:
            return ()
        # With one condition of several columns PostgreSQL reads the whole table.
        rows = await self._connection.execute(union(*parts) if len(parts) > 1 else parts[0])
        return tuple(map(record_of, rows))

    def _among(self, column: Column[Any], texts: Iterable[str]) -> ColumnElement[bool]:
        # No row has a text that cannot be kept, and PostgreSQL would refuse it as a parameter.
        values = [text for text in texts if can_be_kept(text)]
        # One parameter whatever the number of texts: the statement is prepared once.
        if self._connection.dialect.name == "postgresql":
            array = bindparam(None, values, type_=ARRAY(Text))
            return column == any_(array)
        listed = bindparam(None, msgspec.json.encode(values).decode(), type_=Text)
        return column.in_(select(func.json_each(listed).table_valued("value").c.value))


def _first(row: Row[Any]) -> str:
    return str(row[0])


_: type[Directory] = SqlDirectory
