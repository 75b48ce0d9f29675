"""The centre's identity service (HPC User API) over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias, TypeVar

import attrs

from cscs_domain.identities import (
    GidLookup,
    UserLookup,
    UserRecord,
    resolve_gids,
    resolve_users,
)
from cscs_domain.ports import HpcUsers
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_http.answer import Answer
from cscs_http.as_they_come import as_they_come
from cscs_http.errors import NoAnswerError, UnusableAnswerError
from cscs_http.hpc_user_chunks import chunks, params_of
from cscs_http.hpc_user_records import DEFAULT_USER_PATH, UserFields, user_path, user_records
from cscs_http.service import Service

_A = TypeVar("_A")
_T = TypeVar("_T")
_Rows: TypeAlias = list[tuple[object, object]]

PROJECTS: Final = "api/v1/export/waldur/projects"
_LIST: Final = "projects"
_FOUND_OR_UNKNOWN: Final = frozenset({200, 404})
_NOBODY: Final = "no-such-project"


class HttpHpcUsers:
    """Projects and users of a service; `service.connection.at_once` requests are under way at most.

    `user_path_template` is where a user is found below the URL of `service`; with None the site
    has no user service, and nobody is resolved.
    """

    def __init__(
        self,
        service: Service,
        *,
        user_path_template: str | None = DEFAULT_USER_PATH,
        user_fields: UserFields | None = None,
    ) -> None:
        self._service = service
        self._user_path = user_path_template
        self._fields = user_fields or UserFields()

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up GIDs, a hundred distinct projects with one request."""
        asked = chunks(projects, self._service.connection.url + PROJECTS)
        rows: list[tuple[object, object]] = []
        odd = 0
        async for found, not_objects in self._as_they_come(asked, self._projects):
            rows += found
            odd += not_objects
        lookup = resolve_gids(projects, rows)
        return attrs.evolve(lookup, problems=(*_odd_rows(odd), *lookup.problems))

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users, one with each request."""
        if self._user_path is None:
            return UserLookup({})
        records: list[UserRecord] = []
        problems: list[Problem] = []
        asked = sorted(frozenset(usernames))
        async for found, refused in self._as_they_come(asked, partial(self._user, self._user_path)):
            records += found
            problems += refused
        lookup = resolve_users(usernames, records)
        return attrs.evolve(lookup, problems=(*sorted(problems, key=str), *lookup.problems))

    async def ping(self, *, within: float = 10) -> None:
        """See whether the service answers us, by asking for a project that does not exist.

        Raises `UpstreamServiceError`, after `within` seconds at the latest.
        """
        try:
            async with asyncio.timeout(within):
                await self._projects([_NOBODY])
        except TimeoutError:
            service = self._service.connection.service
            raise NoAnswerError(service, f"no answer within {within:g} s") from None

    def _as_they_come(
        self, arguments: Iterable[_A], fetch: Callable[[_A], Awaitable[_T]]
    ) -> AsyncIterator[_T]:
        return as_they_come(arguments, fetch, self._service.connection.at_once)

    async def _projects(self, chunk: Collection[str]) -> tuple[_Rows, int]:
        """Rows of these projects, and how many are no rows at all."""
        answer = await self._service.get(PROJECTS, params_of(chunk))
        reply = answer.json()
        items = reply.get(_LIST) if isinstance(reply, Mapping) else None
        if not isinstance(items, list):
            raise answer.unusable(f"answered without a list of {_LIST}")
        found = [item for item in items if isinstance(item, Mapping)]
        wanted = frozenset(chunk)  # a service may send everything it has
        rows: _Rows = [
            (name, item.get("unixGid"))
            for item in found
            if isinstance(name := item.get("posixName"), str) and name in wanted
        ]
        return rows, len(items) - len(found)

    async def _user(self, template: str, username: str) -> tuple[list[UserRecord], list[Problem]]:
        path = user_path(template, username)
        if path is None:
            return [], []
        answer = await self._service.get(path, accept=_FOUND_OR_UNKNOWN)
        if answer.status == 404:
            _check_that_it_is_about_a_user(answer)
            return [], []
        return user_records(answer, username, self._fields)


def _check_that_it_is_about_a_user(not_found: Answer) -> None:
    """Refuse a 404 that only says that there is no such page.

    Whether the endpoint is missing or a proxy stands in for a service that is down: to take it
    for "unknown" would take every user's directory out of the answer.
    """
    if not not_found.body.strip():
        return
    try:
        not_found.json_bytes()
    except UnusableAnswerError:
        raise not_found.unusable(
            "answered 404 with a page: is there a user endpoint at"
            " hpc_user_api.user_path_template? Without that key nobody is looked up"
        ) from None


def _odd_rows(count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    return (
        Problem(
            ProblemCode.MALFORMED_RECORD,
            Severity.ERROR,
            f"HPC users: {count} records of projects are no objects",
            "Correct them in the identity service; their projects are unknown.",
        ),
    )


_: type[HpcUsers] = HttpHpcUsers
