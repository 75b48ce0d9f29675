"""Which of a site's systems somebody chose, by name or by the uuids of their offerings."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError, UnknownOfferingError
from cscs_domain.ports import WaldurOfferings
from cscs_domain.storage.policy import StoragePolicy


async def chosen_systems(
    offerings: WaldurOfferings,
    policy: StoragePolicy,
    *,
    names: Collection[str] = (),
    uuids: Collection[UUID] = (),
) -> frozenset[str] | None:
    """The names of the systems that are chosen either way; None if nothing is, which means all.

    Raises `InvalidValueError` for a name that is not configured, `UnknownOfferingError` for a
    uuid that leads to no configured system, and `UpstreamServiceError`.
    """
    if not names and not uuids:
        return None
    configured = {system.offering_slug: system.name for system in policy.systems}
    known = ", ".join(configured.values())
    for name in names:
        if name not in configured.values():
            raise InvalidValueError("storage system", shown(name), f"is none of {known}")
    chosen = set(names)
    for uuid in uuids:
        slug = await offerings.offering_slug(uuid)
        if slug is None:
            reason = "is absent, without a slug, or not visible to this token"
            raise UnknownOfferingError(uuid, reason)
        if slug not in configured:
            reason = f"({shown(slug)}) is sold as none of the configured systems: {known}"
            raise UnknownOfferingError(uuid, reason)
        chosen.add(configured[slug])
    return frozenset(chosen)
