"""A directory as plain JSON values, and back. Files of any form are read through this.

The top is an object of up to four lists, in the words of the records:

* `users`: `id`, and optionally `external_id`, `email`, `username`, `default_project`
* `projects`: `id`, `title`, and optionally `slug`
* `allocations`: `id`, `project`, and optionally `start`, `end`, `status`, `granted` (an object of
  `cpu_hours` and `gpu_hours`; `granted_cpu_hours` and `granted_gpu_hours` are the same)
* `openstack_requests`: `customer_key`, `project`, and optionally `allocation`, `project_title`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.directory_checks import checked
from cscs_domain.events.directory_records import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    OpenstackRequest,
)
from cscs_domain.events.directory_rows import Row, Section
from cscs_domain.events.utc_times import utc_text
from cscs_domain.problems import Problem, ProblemCode, Severity

KEYS: Final[Mapping[Section, tuple[str, ...]]] = {
    Section.USERS: ("id", "external_id", "email", "username", "default_project"),
    Section.PROJECTS: ("id", "title", "slug"),
    Section.ALLOCATIONS: (
        *("id", "project", "start", "end", "status"),
        *("granted", *(f"granted_{unit}" for unit in GrantedUnit)),
    ),
    Section.OPENSTACK_REQUESTS: ("customer_key", "project", "allocation", "project_title"),
}
"""What records of a section may have."""

NEEDED: Final[Mapping[Section, tuple[str, ...]]] = {
    Section.USERS: ("id",),
    Section.PROJECTS: ("id", "title"),
    Section.ALLOCATIONS: ("id", "project"),
    Section.OPENSTACK_REQUESTS: ("customer_key", "project"),
}
"""What none of them can be without."""

_Record = TypeVar("_Record")


def directory_from_wire(
    value: Mapping[str, object],
) -> tuple[KnownDirectory, tuple[Problem, ...]]:
    """All records that hold, and what is wrong with others, with keys, and between records.

    A record with a fault is left out, alone. Raises `InvalidValueError` for a section that is no
    list.
    """
    rows = {section: _listed(section, value.get(section)) for section in Section}
    problems = list(_unknown_sections(value))
    found = KnownDirectory(
        users=_records(Section.USERS, rows, _user, problems),
        projects=_records(Section.PROJECTS, rows, _project, problems),
        allocations=_records(Section.ALLOCATIONS, rows, _allocation, problems),
        openstack_requests=_records(Section.OPENSTACK_REQUESTS, rows, _request, problems),
    )
    known, doubts = checked(found)
    return known, (*problems, *doubts)


def directory_to_wire(directory: KnownDirectory) -> dict[str, list[dict[str, object]]]:
    """The same as plain values, without members that say nothing, times in UTC."""
    return {
        Section.USERS.value: [_members(Section.USERS, user) for user in directory.users],
        Section.PROJECTS.value: [
            _members(Section.PROJECTS, project) for project in directory.projects
        ],
        Section.ALLOCATIONS.value: [
            _members(Section.ALLOCATIONS, one) | _terms(one) for one in directory.allocations
        ],
        Section.OPENSTACK_REQUESTS.value: [
            _members(Section.OPENSTACK_REQUESTS, one) for one in directory.openstack_requests
        ],
    }


def _listed(section: Section, rows: object) -> list[object]:
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise InvalidValueError(section, shown(rows), "is not one list of records")
    return rows


def _unknown_sections(value: Mapping[str, object]) -> Iterator[Problem]:
    for key in value:
        if key not in list(Section):
            hint = f"There are {', '.join(Section)}."
            message = f"{label(key)} is no part of a directory and was passed over."
            yield Problem(ProblemCode.UNKNOWN_KEY, Severity.WARNING, message, hint)


def _records(
    section: Section,
    rows: Mapping[Section, list[object]],
    make: Callable[[Row], _Record],
    problems: list[Problem],
) -> tuple[_Record, ...]:
    made, unknown = [], Counter[str]()
    for number, members in enumerate(rows[section], 1):
        if not isinstance(members, Mapping):
            row = Row(section, number, {})
            row.refuse(f"is not a mapping but {shown(members)}")
        else:
            row = Row(section, number, members)
            record = _made(make, row)
            if record is not None and not row.problems:
                made.append(record)
            unknown.update(key for key in members if key not in KEYS[section])
        problems += row.problems
    problems += (_unknown_key(section, key, count) for key, count in unknown.items())
    return tuple(made)


def _made(make: Callable[[Row], _Record], row: Row) -> _Record | None:
    try:
        return make(row)
    except InvalidValueError as error:
        row.refuse(str(error))
        return None


def _unknown_key(section: Section, key: str, count: int) -> Problem:
    message = f"{section}: the key {label(key)} is not known and was passed over ({count} records)."
    hint = f"Known are {', '.join(KEYS[section])}."
    return Problem(ProblemCode.UNKNOWN_KEY, Severity.WARNING, message, hint)


def _user(row: Row) -> DirectoryUser:
    return DirectoryUser(
        id=row.needed("id"),
        external_id=row.text("external_id"),
        email=row.text("email"),
        username=row.text("username"),
        default_project=row.text("default_project"),
    )


def _project(row: Row) -> DirectoryProject:
    return DirectoryProject(id=row.needed("id"), title=row.needed("title"), slug=row.text("slug"))


def _allocation(row: Row) -> DirectoryAllocation:
    return DirectoryAllocation(
        id=row.needed("id"),
        project=row.needed("project"),
        start=row.moment("start"),
        end=row.moment("end"),
        status=row.status(),
        granted=row.granted(),
    )


def _request(row: Row) -> OpenstackRequest:
    return OpenstackRequest(
        customer_key=row.needed("customer_key"),
        project=row.needed("project"),
        allocation=row.text("allocation"),
        project_title=row.text("project_title"),
    )


def _members(section: Section, record: object) -> dict[str, object]:
    values = ((key, getattr(record, key, None)) for key in KEYS[section])
    return {key: value for key, value in values if isinstance(value, str)}


def _terms(allocation: DirectoryAllocation) -> dict[str, object]:
    """What is not text in an allocation."""
    times = (("start", allocation.start), ("end", allocation.end))
    found: dict[str, object] = {key: utc_text(moment) for key, moment in times if moment}
    found["status"] = allocation.status.value
    if allocation.granted:
        found["granted"] = {unit.value: hours for unit, hours in allocation.granted.items()}
    return found
