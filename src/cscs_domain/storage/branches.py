"""The inner nodes of the tree while it is being drawn: tenants and customers.

A branch is known by its names, not by Waldur's uuids: (tenant, system, type) for a tenant and
(tenant, customer, system, type) for a customer. Nothing here depends on the order in which
resources arrive: what may disagree is counted and settled at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

import attrs

from cscs_domain.storage.mappings import PathRoot
from cscs_domain.storage.mount_points import MountPath, check_segment
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.resources import Party, Resource
from cscs_domain.storage.states import Status
from cscs_domain.storage.target_ids import IdScope, ItemIds, scoped_id

BranchKey: TypeAlias = tuple[str, ...]

_ACTIVE: Final = Status.ACTIVE


@attrs.define(eq=False)
class Voice:
    """What rows say about a branch, and how many of them say just that."""

    party: Party
    uuid: UUID
    rows: int = 0


@attrs.define(eq=False)
class Branch:
    """A tenant (`parent` None) or a customer, with all that its descendants say about it."""

    key: BranchKey
    system: StorageSystem
    data_type: str
    slug: str
    generated_path: MountPath
    parent: Branch | None
    voices: dict[tuple[int, str], Voice] = attrs.field(factory=dict)
    child_folders: set[str] = attrs.field(factory=set)
    is_active: bool = False
    settled_path: MountPath | None = None
    settled_uuid: UUID | None = None
    _last_voice: Voice | None = None

    @property
    def name(self) -> str:
        """What most rows call it; of names as frequent, the smallest."""
        return _most_frequent((voice.party.name, voice.rows) for voice in self.voices.values())

    @property
    def status(self) -> Status:
        """Active if any descendant is, else pending."""
        return Status.ACTIVE if self.is_active else Status.PENDING

    def hear(self, party: Party, uuid: UUID) -> None:
        """Note the uuid and name that one descendant gives for this branch."""
        voice = self._last_voice
        if voice is None or voice.party is not party or voice.uuid is not uuid:
            # The parser shares parties, so this is needed about once a branch.
            key = (uuid.int, party.name)
            voice = self._last_voice = self.voices.setdefault(key, Voice(party, uuid))
        voice.rows += 1

    @property
    def path(self) -> MountPath:
        """Where it is mounted: as its children agree, else as its names say."""
        return self.settled_path or self.generated_path

    def item_id(self, scheme: ItemIds) -> UUID:
        """Its id, once all rows are heard; see `ItemIds`.

        If rows disagree about the uuid, that of most of them: one wrong row must not give the
        others another parent. Of uuids as frequent, the smallest.
        """
        if scheme is ItemIds.UNIQUE:
            return scoped_id(IdScope.CUSTOMER if self.parent else IdScope.TENANT, *self.key)
        if self.settled_uuid is None:
            uuids = ((voice.uuid, voice.rows) for voice in self.voices.values())
            self.settled_uuid = _most_frequent(uuids)
        return self.settled_uuid


_T = TypeVar("_T", UUID, str)


def _most_frequent(counted: Iterable[tuple[_T, int]]) -> _T:
    totals: dict[_T, int] = {}
    for value, rows in counted:
        totals[value] = totals.get(value, 0) + rows
    return min(totals, key=lambda value: (-totals[value], value))


@attrs.define(eq=False)
class Branches:
    """All branches of one tree."""

    policy: StoragePolicy
    tenants: dict[BranchKey, Branch] = attrs.field(factory=dict)
    customers: dict[BranchKey, Branch] = attrs.field(factory=dict)
    _tenant_of: Callable[[Resource], Party] = attrs.field(init=False)
    _customer_of: Callable[[Resource], Party] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Look the mapping's two levels up once, not once a resource."""
        self._tenant_of = self.policy.mapping.tenant.party_of
        self._customer_of = self.policy.mapping.customer.party_of

    def customer_for(self, resource: Resource, system: StorageSystem) -> Branch:
        """The customer's branch that a resource hangs on; it is not counted in yet.

        Raises `InvalidValueError` if a slug or the data type cannot be part of a path.
        """
        tenant = self._tenant_of(resource).slug
        customer = self._customer_of(resource).slug
        key = (tenant, customer, system.path_name, resource.data_type)
        found = self.customers.get(key)
        if found is None:
            above = self._tenant(resource, system, tenant)
            path = above.generated_path.child(customer)
            found = Branch(key, system, resource.data_type, customer, path, above)
            self.customers[key] = found
        return found

    def _tenant(self, resource: Resource, system: StorageSystem, slug: str) -> Branch:
        key = (slug, system.path_name, resource.data_type)
        found = self.tenants.get(key)
        if found is None:
            path = self._root(system, resource.data_type).child(slug)
            found = Branch(key, system, resource.data_type, slug, path, None)
            self.tenants[key] = found
        return found

    def _root(self, system: StorageSystem, data_type: str) -> MountPath:
        match self.policy.mapping.root:
            case PathRoot.SYSTEM_AND_TYPE:
                return MountPath.of(system.path_name, data_type)
            case PathRoot.FILE_SYSTEM_AND_STORE:
                check_segment(data_type, "data type")  # part of ids and items all the same
                return MountPath.of(self.policy.file_system, "store")

    def count_in(self, branch: Branch, resource: Resource, folder: str, status: Status) -> None:
        """Let a resource that will be served speak about its branch and the one above.

        `folder` is the directory that its own one lies in.
        """
        customer = self._customer_of(resource)
        branch.hear(customer, customer.uuid or resource.uuid)
        branch.child_folders.add(folder)
        branch.is_active |= status is _ACTIVE
        if branch.parent:
            tenant = self._tenant_of(resource)
            branch.parent.hear(tenant, resource.offering.uuid or resource.uuid)
            branch.parent.is_active |= branch.is_active
