"""Which part of Waldur becomes which level of the tree, as named values.

Source: DESIGN section 2 (question "hierarchy"), spec 001 and 004 for `PROVIDER`, spec 002 for
`ORGANISATION`, released versions of the program of spec 002 for `ORGANISATION_LEGACY`; ADR 0018.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain.storage.resources import Party, Resource
from cscs_domain.storage.states import Word


class Source(Word):
    """Where a level's slug and name come from."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    PROJECT = "project"
    RESOURCE = "resource"

    @property
    def party_of(self) -> Callable[[Resource], Party]:
        """Takes a resource and returns the party that gives its name to a level."""
        return _PARTY_OF[self]


_PARTY_OF: Final[Mapping[Source, Callable[[Resource], Party]]] = {
    Source.PROVIDER: attrgetter("provider"),
    Source.CUSTOMER: attrgetter("customer"),
    Source.PROJECT: attrgetter("project"),
    Source.RESOURCE: lambda resource: Party(resource.slug, resource.slug, resource.uuid),
}


class PathRoot(Word):
    """What stands before the three levels in a path."""

    SYSTEM_AND_TYPE = "/{system}/{data_type}"
    FILE_SYSTEM_AND_STORE = "/{file_system}/store"


class SystemNames(Word):
    """What names a storage system in rows and paths."""

    SITE = "site"
    """What the site has configured (see `StorageSystem.path_name`)."""
    OFFERING = "offering"
    """The offering's slug, whatever is configured."""


@attrs.frozen(kw_only=True)
class HierarchyMapping:
    """How the three levels are named, what stands before them, and whether parents are listed.

    `backend_paths` lets a resource's backend id that is a path replace the generated one.
    """

    name: str
    tenant: Source
    customer: Source
    project: Source
    root: PathRoot
    with_parents: bool
    backend_paths: bool = True
    system_names: SystemNames = SystemNames.SITE


PROVIDER: Final = HierarchyMapping(
    name="provider",
    tenant=Source.PROVIDER,
    customer=Source.CUSTOMER,
    project=Source.PROJECT,
    root=PathRoot.SYSTEM_AND_TYPE,
    with_parents=True,
)
"""Offering's provider → resource's customer → project. What the HTTP API answers."""

ORGANISATION: Final = HierarchyMapping(
    name="organisation",
    tenant=Source.CUSTOMER,
    customer=Source.PROJECT,
    project=Source.RESOURCE,
    root=PathRoot.FILE_SYSTEM_AND_STORE,
    with_parents=False,
    backend_paths=False,
)
"""Customer → project → resource, as spec 002 prints it: always `/lustre/store/<three slugs>`."""

ORGANISATION_LEGACY: Final = attrs.evolve(
    ORGANISATION,
    name="organisation-legacy",
    root=PathRoot.SYSTEM_AND_TYPE,
    system_names=SystemNames.OFFERING,
)
"""The same levels below `/<offering's slug>/<data type>`, as released programs wrote them."""

MAPPINGS: Final[Mapping[str, HierarchyMapping]] = MappingProxyType(
    {mapping.name: mapping for mapping in (PROVIDER, ORGANISATION, ORGANISATION_LEGACY)}
)
"""All of them by name."""
