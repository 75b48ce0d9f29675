"""The storage answer of one offering in the site agent's file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from cscs_bootstrap.agent_config import AgentOffering, with_slug
from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_bootstrap.storage_policy import storage_policy
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.wiring import storage_service
from cscs_domain.errors import UnknownOfferingError
from cscs_domain.ports import Clock, ResourcePage, ResourceQuery, WaldurResources
from cscs_domain.storage.mappings import ORGANISATION, HierarchyMapping
from cscs_domain.storage.waldur_rows import WaldurRow


@asynccontextmanager
async def offering_service(
    offering: AgentOffering,
    clock: Clock | None = None,
    *,
    mapping: HierarchyMapping = ORGANISATION,
) -> AsyncIterator[StorageService]:
    """Wire the offering's only storage system, whose name Waldur tells; let go of it at the end.

    Raises `UnknownOfferingError` if Waldur does not show the offering, `InvalidValueError` if its
    slug cannot be part of a path, and `UpstreamServiceError`.
    """
    async with storage_service(offering.settings, clock, mapping=mapping) as service:
        slug = await service.offerings.offering_slug(offering.uuid)
        if slug is None:
            raise UnknownOfferingError(offering.uuid, _why_unknown(offering.settings))
        sources = service.sources
        yield attrs.evolve(
            service,
            policy=storage_policy(with_slug(offering.settings, slug), mapping),
            sources=attrs.evolve(sources, waldur=OneOffering(sources.waldur, slug)),
        )


def _why_unknown(settings: Settings) -> str:
    if settings.adapters.waldur.kind is AdapterKind.HTTP:
        return "is absent or not visible to this token"
    return "has no resources in the data that stand in for Waldur, so its slug is not known"


@attrs.frozen
class OneOffering:
    """The resources of one offering out of a source that may hold others, as dumps do.

    To the rules, resources of offerings that are not configured are a mistake of the configuration.
    Here they are somebody else's: those of the other offerings in the same file.
    """

    source: WaldurResources
    slug: str

    async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """The pages of the source without rows that name another offering."""
        async for page in self.source.pages(query):
            yield attrs.evolve(page, rows=[row for row in page.rows if not self._is_foreign(row)])

    def _is_foreign(self, row: WaldurRow) -> bool:
        slug = row.offering_slug
        return isinstance(slug, str) and slug not in {"", self.slug}


_: type[WaldurResources] = OneOffering
