"""An invented directory of any size. Equal arguments make equal directories."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Final

from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_fakes.waldur_row_names import (
    ascii_letters,
    institute_name,
    login,
    person,
    project_name,
    project_slug,
)

CUSTOMERS: Final = ("metacentrum", "cerit-sc", "alps")

_YEARS: Final = (2024, 2025, 2026)
_NOW: Final = _YEARS[-1]


def make_directory(users: int = 20, projects: int = 10, *, seed: int = 0) -> KnownDirectory:
    """Users `u1`, ... with logins and addresses, projects `p1`, ... with slugs, no name twice.

    Every user has a default project; every project an allocation for each of one to three years
    (the last of which is active); every third one OpenStack.
    """
    draw = Random(seed)
    numbers = range(projects)
    return KnownDirectory(
        users=tuple(_user(number, projects, draw) for number in range(users)),
        projects=tuple(map(_project, numbers)),
        allocations=tuple(one for number in numbers for one in _allocations(number, draw)),
        openstack_requests=tuple(_request(number) for number in numbers if number % 3 == 0),
    )


def _user(number: int, projects: int, draw: Random) -> DirectoryUser:
    first, last = map(ascii_letters, person(number))
    default = f"p{draw.randrange(projects) + 1}" if projects else None
    return DirectoryUser(
        id=f"u{number + 1}",
        external_id=f"{draw.getrandbits(64):016x}@idp.example.org",
        email=f"{first.title()}.{last.title()}{number}@inst.example.org",
        username=login(number),
        default_project=default,
    )


def _project(number: int) -> DirectoryProject:
    title = f"{project_name(number)}, {institute_name(number)}"
    return DirectoryProject(id=f"p{number + 1}", title=title, slug=project_slug(number))


def _allocations(number: int, draw: Random) -> list[DirectoryAllocation]:
    return [_of_year(number, year, draw) for year in _YEARS[draw.randrange(len(_YEARS)) :]]


def _of_year(number: int, year: int, draw: Random) -> DirectoryAllocation:
    cpu_hours = draw.randrange(1, 1000) * 1000
    granted = {GrantedUnit.CPU_HOURS: cpu_hours}
    if number % 4 == 0:
        granted[GrantedUnit.GPU_HOURS] = cpu_hours // 10
    return DirectoryAllocation(
        id=f"a{number + 1}-{year}",
        project=f"p{number + 1}",
        start=datetime(year, 1, 1, tzinfo=UTC),
        end=datetime(year + 1, 1, 1, tzinfo=UTC),
        status=AllocationStatus.ACTIVE if year == _NOW else AllocationStatus.EXPIRED,
        granted=granted,
    )


def _request(number: int) -> OpenstackRequest:
    return OpenstackRequest(
        customer_key=CUSTOMERS[number // 3 % len(CUSTOMERS)],
        project=f"p{number + 1}",
        allocation=f"a{number + 1}-{_NOW}",
    )
