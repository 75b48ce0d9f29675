"""The jobs that settings describe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import attrs

from cscs_bootstrap.settings import Settings, UsageSettings
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.usage_reporting import UsageJob

_NO_OFFERING: Final = OfferingChoice(uuids={UUID(int=0)})
"""Stands where nobody asks Waldur, and none was configured: Waldur has none of this uuid."""


@attrs.frozen(kw_only=True)
class UsageOffering:
    """What is reported together. `origin` says where it is configured, for people."""

    job: UsageJob
    settings: Settings
    origin: str


@attrs.frozen(kw_only=True)
class UsageConfig:
    """The jobs of one file, what to tell people, and the names of other backends' offerings."""

    offerings: tuple[UsageOffering, ...]
    notices: tuple[str, ...]
    passed_over: tuple[str, ...] = ()


def job_of(usage: UsageSettings, name: str) -> UsageJob:
    """The job that a section describes. Its rules have been checked."""
    return UsageJob(
        name=name,
        offerings=_choice(usage.offerings),
        metering=Metering(
            components=tuple(usage.components.values()),
            profile=usage.profile,
            kind=usage.kind,
            storage_paths=usage.storage_path_mapping,
            filesystem=usage.storage_filesystem or "",
            data_type=usage.storage_data_type or "",
            cluster=usage.cscs_dwdi_cluster or "",
        ),
    )


def _choice(offerings: Iterable[str]) -> OfferingChoice:
    slugs, uuids = set(), set()
    for offering in offerings:
        try:
            uuids.add(UUID(offering))
        except ValueError:
            slugs.add(offering)
    return OfferingChoice(slugs=slugs, uuids=uuids) if slugs or uuids else _NO_OFFERING
