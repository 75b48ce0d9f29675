"""What is wrong between records of a directory: the same id twice, nobody there, one name for two.

Only what cannot mean anything is left out. What is ambiguous stays, since links know how to
leave it alone; but somebody has to mend it, so it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, Protocol, TypeVar

import attrs

from cscs_domain._text import label
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.directory_ambiguities import shared_identities, shared_names
from cscs_domain.events.directory_records import (
    DirectoryAllocation,
    DirectoryUser,
    OpenstackRequest,
)
from cscs_domain.problems import Problem, ProblemCode, Severity


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


_Record = TypeVar("_Record", bound=_WithId)

_LEFT_OUT: Final = "It is left out until that is mended."


def checked(found: KnownDirectory) -> tuple[KnownDirectory, tuple[Problem, ...]]:
    """The directory in which every id stands for one record, and what else is doubtful.

    Records that differ under one id are all left out: nobody can tell which of them is right. So
    are allocations and OpenStack requests of no known project. References of users and requests
    that lead nowhere stay.
    """
    problems: list[Problem] = []
    users = _one_each("user", found.users, problems)
    projects = _one_each("project", found.projects, problems)
    allocations = _one_each("allocation", found.allocations, problems)
    known = {project.id: project for project in projects}
    allocations = _of_known_projects(allocations, known, _allocation_place, problems)
    requests = _of_known_projects(found.openstack_requests, known, _request_place, problems)
    problems += _dangling_defaults(users, known)
    problems += _wrong_allocations(requests, allocations)
    problems += shared_identities(users)
    problems += shared_names(projects, requests)
    kept = attrs.evolve(
        found,
        users=users,
        projects=projects,
        allocations=allocations,
        openstack_requests=requests,
    )
    return kept, tuple(problems)


def _one_each(
    kind: str, records: Iterable[_Record], problems: list[Problem]
) -> tuple[_Record, ...]:
    by_id: dict[str, list[_Record]] = {}
    for record in records:
        by_id.setdefault(record.id, []).append(record)
    kept = []
    for id_, found in by_id.items():
        if all(record == found[0] for record in found):
            kept.append(found[0])
            if len(found) > 1:
                message = f"is there {len(found)} times, alike; one was taken."
                problems.append(_twice(kind, id_, message, Severity.WARNING, "Delete the others."))
        else:
            message = f"is there {len(found)} times, with different content."
            problems.append(_twice(kind, id_, message, Severity.ERROR, "None is used. Keep one."))
    return tuple(kept)


def _twice(kind: str, id_: str, message: str, severity: Severity, hint: str) -> Problem:
    return Problem(
        ProblemCode.DUPLICATE_ENTRY, severity, message, hint, resource=f"{kind} {label(id_)}"
    )


class _OfProject(Protocol):
    @property
    def project(self) -> str: ...


_Part = TypeVar("_Part", bound=_OfProject)


def _of_known_projects(
    records: Iterable[_Part],
    projects: Collection[str],
    place: Callable[[_Part], str],
    problems: list[Problem],
) -> tuple[_Part, ...]:
    kept = []
    for record in records:
        if record.project in projects:
            kept.append(record)
        else:
            message = f"is of project {label(record.project)}, which is not there."
            problems.append(
                Problem(
                    *(ProblemCode.UNKNOWN_REFERENCE, Severity.ERROR, message, _LEFT_OUT),
                    resource=place(record),
                )
            )
    return tuple(kept)


def _allocation_place(allocation: DirectoryAllocation) -> str:
    return f"allocation {label(allocation.id)}"


def _request_place(request: OpenstackRequest) -> str:
    return f"OpenStack request {label(request.customer_key)}/{label(request.project)}"


def _dangling_defaults(
    users: Iterable[DirectoryUser], projects: Collection[str]
) -> Iterator[Problem]:
    for user in users:
        if user.default_project is not None and user.default_project not in projects:
            yield _dangling(
                f"user {label(user.id)}",
                f"has the default project {label(user.default_project)}, which is not there.",
                "Personal usage stays without a project.",
            )


def _wrong_allocations(
    requests: Iterable[OpenstackRequest], allocations: Iterable[DirectoryAllocation]
) -> Iterator[Problem]:
    project_of = {allocation.id: allocation.project for allocation in allocations}
    for request in requests:
        if request.allocation is None or project_of.get(request.allocation) == request.project:
            continue
        fault = "of another project" if request.allocation in project_of else "not there"
        yield _dangling(
            _request_place(request),
            f"names allocation {label(request.allocation)}, which is {fault}.",
            "The project's allocations are looked at instead.",
        )


def _dangling(resource: str, message: str, hint: str) -> Problem:
    return Problem(
        ProblemCode.UNKNOWN_REFERENCE, Severity.WARNING, message, hint, resource=resource
    )
