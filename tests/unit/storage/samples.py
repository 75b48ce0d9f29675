"""One everyday resource, and short ways to change it and to ask for its answer."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from cscs_domain.identities import Identities, UnixUser
from cscs_domain.problems import Problem, ProblemCode
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.hierarchy import Hierarchy, build_hierarchy
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow

POLICY = StoragePolicy.for_systems(capstor="capstor", vast="vast-offering")
GIDS = {"climate-sim": 30500, "ocean": 30501}
USERS = {"anna": UnixUser("anna", 20100, "anna@uni.example")}


def uuid_of(name: str) -> str:
    """A uuid that a test can refer to by name."""
    return str(uuid5(NAMESPACE_URL, name))


def sample(name: str = "res-1", **changes: object) -> WaldurRow:
    """A resource of 10 TB in the project of spec 001's examples; `name` is its slug and uuid."""
    row: dict[str, object] = {
        "uuid": uuid_of(name),
        "slug": name,
        "name": "Our storage",
        "state": "OK",
        "offering_uuid": uuid_of("capstor offering"),
        "offering_slug": "capstor",
        "provider_slug": "cscs",
        "provider_name": "CSCS",
        "customer_uuid": uuid_of("university-physics"),
        "customer_slug": "university-physics",
        "customer_name": "University Physics",
        "project_uuid": uuid_of("climate-sim"),
        "project_slug": "climate-sim",
        "project_name": "Climate simulation",
        "limits": {"storage": 10},
        "attributes": {},
        "options": {},
        "backend_id": "",
        "backend_metadata": {},
        "modified": "2026-11-20T10:00:00.000000Z",
    }
    return WaldurRow.from_mapping(row | changes)


def order(state: str, kind: str = "Update", **changes: object) -> dict[str, object]:
    """A nested order, of a change of limits to nothing in particular."""
    plain = {"uuid": uuid_of("order"), "type": kind, "state": state, "limits": {}, "attributes": {}}
    return plain | changes


def answer(
    *rows: WaldurRow,
    policy: StoragePolicy = POLICY,
    gids: Mapping[str, int] = GIDS,
    users: Mapping[str, UnixUser] = USERS,
    include_terminated: bool = True,
) -> Hierarchy:
    """The whole tree of these resources."""
    return build_hierarchy(
        rows, Identities(gids, users), policy, include_terminated=include_terminated
    )


def leaves(hierarchy: Hierarchy) -> list[StorageRow]:
    """The rows of projects and users."""
    of_resources = {TargetType.PROJECT, TargetType.USER}
    return [row for row in hierarchy.rows if row.target_type in of_resources]


def leaf(*rows: WaldurRow, policy: StoragePolicy = POLICY) -> StorageRow:
    """The one project's or user's row of the answer."""
    (only,) = leaves(answer(*rows, policy=policy))
    return only


def of_type(hierarchy: Hierarchy, target_type: TargetType) -> list[StorageRow]:
    """The rows of one level."""
    return [row for row in hierarchy.rows if row.target_type is target_type]


def codes(hierarchy: Hierarchy) -> set[ProblemCode]:
    """What was wrong, in short."""
    return {problem.code for problem in hierarchy.problems}


def problem(hierarchy: Hierarchy, code: ProblemCode) -> Problem:
    """The one problem of this kind."""
    (only,) = [found for found in hierarchy.problems if found.code is code]
    return only
