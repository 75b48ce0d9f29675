"""How a list of usage is narrowed to some resources. Source: Waldur contract, sections 7 and 8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.usage.metered_resources import MeteredResource

_FEW: Final = 4
"""Up to so many resources of an offering are asked for one by one; else all of it is."""


@attrs.frozen
class Scope:
    """The filter that narrows a list, and the resources that are looked for in it."""

    name: str
    value: str
    resources: frozenset[UUID]


def scopes(resources: Sequence[MeteredResource]) -> Iterator[Scope]:
    """What to ask for so that all of these are in it, and each of them in one."""
    by_offering: dict[UUID, set[UUID]] = {}
    for resource in resources:
        by_offering.setdefault(resource.offering, set()).add(resource.uuid)
    for offering, uuids in by_offering.items():
        if len(uuids) > _FEW:
            yield Scope("offering_uuid", offering.hex, frozenset(uuids))
        else:
            yield from (scope_of(uuid) for uuid in sorted(uuids))


def scope_of(resource: UUID) -> Scope:
    """What to ask for if it is about one resource."""
    return Scope("resource_uuid", resource.hex, frozenset({resource}))
