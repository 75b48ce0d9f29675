"""Which accounts several configured offerings have, so that their usage would be billed twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs

from cscs_bootstrap.usage_jobs import UsageOffering, place_name
from cscs_bootstrap.usage_service import UsageService
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.shared_accounts import accounts_elsewhere, claims_of

Wire: TypeAlias = Callable[[UsageOffering], UsageService]
"""What makes an offering's services."""


@attrs.frozen
class Prepared:
    """An offering that knows which of its accounts others have, or why it cannot be read."""

    offering: UsageOffering
    error: Exception | None = None


async def prepared(
    chosen: Sequence[UsageOffering],
    others: Sequence[UsageOffering],
    wire: Wire,
    unread: Callable[[str, str], None],
) -> tuple[Prepared, ...]:
    """The chosen ones with the accounts that are `elsewhere`, in another of them or in `others`.

    What cannot be read has no accounts here: it stands in nobody's way. If it is one of the
    others, `unread` is told its name and why; one of the chosen fails when its turn comes.
    """
    if len(chosen) + len(others) < 2:
        return tuple(map(Prepared, chosen))
    found = [await _read(offering, wire) for offering in chosen]
    own = {resource.uuid for each in found for resource in each.resources}
    for offering in others:
        read = await _read(offering, wire)
        if read.error is not None:
            unread(offering.job.name, str(read.error))
        # One offering may be named twice, by slug and by uuid.
        rest = tuple(resource for resource in read.resources if resource.uuid not in own)
        found.append(attrs.evolve(read, resources=rest))
    shared = accounts_elsewhere(
        [
            claims_of(place_name(each.offering), each.offering.job.metering, each.resources)
            for each in found
        ]
    )
    every = [
        Prepared(_knowing(each.offering, accounts), each.error)
        for each, accounts in zip(found, shared, strict=True)
    ]
    return tuple(every[: len(chosen)])


@attrs.frozen
class _Read:
    offering: UsageOffering
    resources: tuple[MeteredResource, ...] = ()
    error: Exception | None = None


async def _read(offering: UsageOffering, wire: Wire) -> _Read:
    try:
        async with wire(offering) as service:
            found = await service.reported_to.resources(offering.job.offerings)
    except Exception as error:  # noqa: BLE001  # told where the offering has its turn
        return _Read(offering, error=error)
    return _Read(offering, found.resources)


def _knowing(offering: UsageOffering, elsewhere: frozenset[str]) -> UsageOffering:
    return attrs.evolve(offering, job=attrs.evolve(offering.job, elsewhere=elsewhere))
