"""Records of the directory as rows of tables, and back."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import Row, Select, select

from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    OpenstackRequest,
)
from cscs_domain.events.directory_names import (
    folded,
    folded_slug,
    folded_title,
    openstack_names,
)
from cscs_sql.json_columns import selected
from cscs_sql.schema import (
    directory_allocations,
    directory_openstack_requests,
    directory_projects,
    directory_users,
)

Values: TypeAlias = dict[str, object]
"""Of one row, by column."""

_of_user = directory_users.c
_of_project = directory_projects.c
_of_allocation = directory_allocations.c
_of_request = directory_openstack_requests.c

USERS: Final[Select[Any]] = select(
    _of_user.id,
    _of_user.external_id,
    _of_user.email,
    _of_user.username,
    _of_user.default_project,
)
PROJECTS: Final[Select[Any]] = select(_of_project.id, _of_project.title, _of_project.slug)
ALLOCATIONS: Final[Select[Any]] = select(
    _of_allocation.id,
    _of_allocation.project,
    _of_allocation.start,
    _of_allocation.end,
    _of_allocation.status,
    selected(_of_allocation.granted),
)
REQUESTS: Final[Select[Any]] = select(
    _of_request.customer_key,
    _of_request.project,
    _of_request.allocation,
    _of_request.project_title,
)


def user_values(user: DirectoryUser) -> Values:
    """A row of `directory_users`."""
    return {
        "id": user.id,
        "external_id": user.external_id,
        "email": user.email,
        "email_folded": user.email and folded(user.email),
        "username": user.username,
        "username_folded": user.username and folded(user.username),
        "default_project": user.default_project,
    }


def project_values(project: DirectoryProject) -> Values:
    """A row of `directory_projects`."""
    return {
        "id": project.id,
        "title": project.title,
        "title_folded": folded_title(project),
        "slug": project.slug,
        "slug_folded": folded_slug(project),
    }


def allocation_values(allocation: DirectoryAllocation) -> Values:
    """A row of `directory_allocations`."""
    granted = {unit.value: hours for unit, hours in allocation.granted.items()}
    return {
        "id": allocation.id,
        "project": allocation.project,
        "start": allocation.start,
        "end": allocation.end,
        "status": allocation.status.value,
        "granted": msgspec.json.encode(granted, order="sorted").decode(),
    }


def request_values(request: OpenstackRequest, project: DirectoryProject | None) -> Values:
    """A row of `directory_openstack_requests`; without its project nothing is named after it."""
    names = () if project is None else openstack_names(request, project)
    name, other = (*names, None, None)[:2]
    return {
        "name": name,
        "other_name": other,
        "customer_key": request.customer_key,
        "project": request.project,
        "allocation": request.allocation,
        "project_title": request.project_title,
    }


def user_of(row: Row[Any]) -> DirectoryUser:
    """Out of a row of `USERS`."""
    return DirectoryUser(**row._mapping)


def project_of(row: Row[Any]) -> DirectoryProject:
    """Out of a row of `PROJECTS`."""
    return DirectoryProject(**row._mapping)


def request_of(row: Row[Any]) -> OpenstackRequest:
    """Out of a row of `REQUESTS`."""
    return OpenstackRequest(**row._mapping)


def allocation_of(row: Row[Any]) -> DirectoryAllocation:
    """Out of a row of `ALLOCATIONS`."""
    granted = msgspec.json.decode(row.granted, type=dict[str, int])
    return DirectoryAllocation(
        id=row.id,
        project=row.project,
        start=row.start,
        end=row.end,
        status=AllocationStatus(row.status),
        granted={GrantedUnit(unit): hours for unit, hours in granted.items()},
    )
