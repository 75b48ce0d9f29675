"""The HPC User API: Unix ids of projects and users. Source: HPC user contract, sections 3 and 7.

Records are answered exactly as they were given, awkward ones included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from starlette.applications import Starlette
from starlette.types import ASGIApp

from cscs_fakes.emulators.hpc_user_routes import HpcUserCall, hpc_user_routes


class HpcUserEmulator:
    """Projects and users. What is no method may be changed at any time; `reset` undoes it.

    `has_users` says whether the users endpoint exists, `answers_everything` whether the service
    ignores what it was asked for, `calls` who was let in, `refusals` how often nobody was.
    """

    def __init__(
        self,
        projects: Iterable[Mapping[str, object]] = (),
        users: Iterable[Mapping[str, object]] = (),
        *,
        accepts: Callable[[str], bool] = bool,
    ) -> None:
        self._first_projects = tuple(map(dict, projects))
        self._first_users = tuple(map(dict, users))
        self.accepts = accepts
        self.app: ASGIApp = Starlette(routes=hpc_user_routes(self))
        self.reset()

    def reset(self) -> None:
        """As it was at the start."""
        self.projects: list[dict[str, object]] = list(map(dict, self._first_projects))
        self.users: list[dict[str, object]] = list(map(dict, self._first_users))
        self.has_users = True
        self.answers_everything = False
        self.calls: list[HpcUserCall] = []
        self.refusals = 0

    # --- records

    def set_gid(self, project: str, gid: object) -> None:
        """Give a project this id and no other."""
        self.remove_project(project)
        self.add_project({"posixName": project, "unixGid": gid, "displayName": project.title()})

    def add_project(self, record: Mapping[str, object]) -> None:
        """Add a record, even one of a name that is there already."""
        self.projects = [*self.projects, dict(record)]

    def remove_project(self, project: str) -> None:
        """Forget all records of this name."""
        self.projects = [row for row in self.projects if row.get("posixName") != project]

    def set_user(self, record: Mapping[str, object]) -> None:
        """Give the user of this `posixName` this record and no other."""
        self.remove_user(str(record.get("posixName")))
        self.users = [*self.users, dict(record)]

    def remove_user(self, username: str) -> None:
        """Forget a user."""
        self.users = [row for row in self.users if row.get("posixName") != username]

    # --- answers

    def projects_named(self, slugs: tuple[str, ...]) -> list[dict[str, object]]:
        """The records of these names; without names all of them."""
        if not slugs or self.answers_everything:
            return self.projects
        wanted = frozenset(slugs)
        named = ((row.get("posixName"), row) for row in self.projects)
        return [row for name, row in named if isinstance(name, str) and name in wanted]

    def users_named(self, username: str) -> list[dict[str, object]]:
        """The records of this name: one, unless somebody has made a mistake."""
        return [row for row in self.users if row.get("posixName") == username]

    # --- what was asked

    @property
    def project_calls(self) -> list[HpcUserCall]:
        """The calls that were about projects."""
        return [call for call in self.calls if call.path.endswith("/projects")]

    @property
    def user_calls(self) -> list[HpcUserCall]:
        """The calls that were about users; `slugs` has the name."""
        return [call for call in self.calls if not call.path.endswith("/projects")]
