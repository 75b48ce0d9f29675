"""Records of the directory as rows of tables, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import Select, select

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
    title_slug,
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
        "title_slug": title_slug(project),
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


def user_of(row: Sequence[Any]) -> DirectoryUser:
    """Out of a row of `USERS`."""
    id_, external_id, email, username, default_project = row
    return DirectoryUser(
        id=id_,
        external_id=external_id,
        email=email,
        username=username,
        default_project=default_project,
    )


def project_of(row: Sequence[Any]) -> DirectoryProject:
    """Out of a row of `PROJECTS`."""
    id_, title, slug = row
    return DirectoryProject(id=id_, title=title, slug=slug)


def request_of(row: Sequence[Any]) -> OpenstackRequest:
    """Out of a row of `REQUESTS`."""
    customer_key, project, allocation, project_title = row
    return OpenstackRequest(
        customer_key=customer_key,
        project=project,
        allocation=allocation,
        project_title=project_title,
    )


def allocation_of(row: Sequence[Any]) -> DirectoryAllocation:
    """Out of a row of `ALLOCATIONS`."""
    id_, project, start, end, status, granted = row
    return DirectoryAllocation(
        id=id_,
        project=project,
        start=start,
        end=end,
        status=AllocationStatus(status),
        granted=_granted(granted),
    )


# Many allocations are granted the same.
@lru_cache(maxsize=1 << 12)
def _granted(text: str) -> Mapping[GrantedUnit, int]:
    hours = msgspec.json.decode(text, type=dict[GrantedUnit, int])
    return MappingProxyType(hours)
