"""What the provider's endpoint tells about offerings. Source: Waldur contract, section 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_http.errors import UnexpectedStatusError
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline
from cscs_http.waldur_query import OFFERINGS
from cscs_http.waldur_usage_lists import read_all, selection

_WITH_COMPONENTS: Final = selection("uuid", "components")
_WITH_SLUG: Final = selection("uuid", "slug")
_NOT_SHOWN: Final = frozenset({403, 404})
_WITHOUT_USAGE: Final = "fixed"
"""How components are billed that Waldur takes no usage of."""


@attrs.frozen
class ShownOffering:
    """`components` are the types that usage can be about, None if that could not be told."""

    components: frozenset[str] | None


async def read_offering(service: Service, offering: UUID) -> ShownOffering | None:
    """The offering, None if Waldur does not show it. Raises `UpstreamServiceError`."""
    try:
        answer = await service.get(f"{OFFERINGS}{offering.hex}/", _WITH_COMPONENTS)
    except UnexpectedStatusError as error:
        if error.status in _NOT_SHOWN:
            return None
        raise
    found = answer.json()
    if not isinstance(found, Mapping):
        raise answer.unusable("answered with something that is no offering")
    return ShownOffering(_types(found.get("components")))


async def slugs_of_provider(
    service: Service, slugs: frozenset[str], deadline: Deadline
) -> set[str]:
    """Which of these slugs an offering of the provider has. Raises `UpstreamServiceError`."""
    rows = await read_all(service, OFFERINGS, _WITH_SLUG, deadline)
    return {slug for row in rows if isinstance(slug := row.get("slug"), str)} & slugs


def _types(components: object) -> frozenset[str] | None:
    if not isinstance(components, list):
        return None
    types: set[str] = set()
    for component in components:
        name = component.get("type") if isinstance(component, Mapping) else None
        if not isinstance(name, str):
            return None
        if component.get("billing_type") != _WITHOUT_USAGE:
            types.add(name)
    return frozenset(types)
