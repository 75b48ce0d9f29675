"""Where one resource belongs: its system, branch, path and owner, or why it has none."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import Identities
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.branches import Branch, Branches
from cscs_domain.storage.identity_rules import Owner, OwnerFinder
from cscs_domain.storage.mount_points import MountPath, path_from_backend_id
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.resources import Party, ReadyItem, Resource
from cscs_domain.storage.states import STATUS_OF, ResourceState, Status, shown_state


@attrs.define(eq=False)
class Placed:
    """A resource that will be served."""

    resource: Resource
    branch: Branch
    path: MountPath
    owner: Owner
    ready: ReadyItem
    state: ResourceState
    status: Status


@attrs.define(eq=False)
class Placer:
    """Places resources one by one, growing the branches that they hang on."""

    policy: StoragePolicy
    identities: Identities
    branches: Branches = attrs.field(init=False)
    placed: list[Placed] = attrs.field(factory=list, init=False)
    left_out: list[Resource] = attrs.field(factory=list, init=False)
    problems: list[Problem] = attrs.field(factory=list, init=False)
    _systems: dict[str, StorageSystem] = attrs.field(init=False)
    _owners: OwnerFinder = attrs.field(init=False)
    _project_of: Callable[[Resource], Party] = attrs.field(init=False)
    _backend_paths: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Index the systems by the offering that sells them."""
        self._owners = OwnerFinder(self.identities, self.policy)
        self._project_of = self.policy.mapping.project.party_of
        self._backend_paths = self.policy.mapping.backend_paths
        self.branches = Branches(self.policy)
        self._systems = {system.offering_slug: system for system in self.policy.mounted_systems}

    def place(self, resource: Resource) -> None:
        """Place one resource of a configured offering, or report why it is left out."""
        system = self._systems[resource.offering.slug]
        found = self._owners.find(resource)
        if found.problems:
            self.problems += found.problems
        if found.owner is None:
            self.left_out.append(resource)
            return
        try:
            branch = self.branches.customer_for(resource, system)
            generated = branch.generated_path.child(self._project_of(resource).slug)
        except InvalidValueError as error:
            self.problems.append(_unsafe(resource, error))
            self.left_out.append(resource)
            return
        state = resource.state
        if resource.order:
            state = shown_state(state, resource.order.state)
        path, folder = generated, branch.generated_path.text
        if self._backend_paths and resource.backend_id.startswith("/"):
            path = self._path(resource, system, generated)
            folder = path.text.rpartition("/")[0]
        status = STATUS_OF[state]
        self.branches.count_in(branch, resource, folder, status)
        self.placed.append(Placed(resource, branch, path, found.owner, found.ready, state, status))

    def _path(self, resource: Resource, system: StorageSystem, generated: MountPath) -> MountPath:
        try:
            return path_from_backend_id(resource.backend_id, system.roots) or generated
        except InvalidValueError as error:
            self.problems.append(_outside(resource, error, generated))
            return generated


def _unsafe(resource: Resource, error: InvalidValueError) -> Problem:
    return Problem(
        ProblemCode.UNSAFE_PATH,
        Severity.ERROR,
        f"no path can be made: {error}",
        "Correct the slug or data type in Waldur.",
        resource=str(resource.uuid),
    )


def _outside(resource: Resource, error: InvalidValueError, generated: MountPath) -> Problem:
    return Problem(
        ProblemCode.BACKEND_PATH_OUTSIDE_ROOT,
        Severity.WARNING,
        f"{error}; {generated} is used",
        "Correct the backend id, or add its root to storage_roots.",
        resource=str(resource.uuid),
    )
