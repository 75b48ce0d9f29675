"""The jobs that settings describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import attrs

from cscs_bootstrap.settings import AdapterKind, Origin, Settings, UsageSettings
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.usage_reporting import UsageJob

_NO_OFFERING: Final = OfferingChoice(uuids={UUID(int=0)})
"""Stands where nobody asks Waldur, and none was configured: Waldur has none of this uuid."""


_NOWHERE: Final[Mapping[str, Origin]] = MappingProxyType({})
_OUR_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class UsageOffering:
    """What is reported together.

    For people: `origin` says where it is configured, `origins` where each key was, and `names` has
    what the file calls keys for which it has names of its own.
    """

    job: UsageJob
    settings: Settings
    origin: str
    origins: Mapping[str, Origin] = _NOWHERE
    names: Mapping[str, str] = _OUR_NAMES

    @property
    def is_kept_in_memory(self) -> bool:
        """Whether reports reach no Waldur, but one in memory."""
        return self.settings.adapters.waldur.kind is not AdapterKind.HTTP

    @property
    def is_invented(self) -> bool:
        """Whether the usage is invented."""
        return self.settings.adapters.dwdi.kind is AdapterKind.FAKE


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


def place_name(offering: UsageOffering) -> str:
    """What tells apart where usage of offerings is read, file systems included, and billed.

    Invented usage belongs to one offering.
    """
    usage, choice = offering.settings.usage, offering.settings.adapters.dwdi
    match choice.kind:
        case AdapterKind.FAKE:
            place = f"invented for {offering.origin}"
        case AdapterKind.FILE:
            place = str(choice.path[0].resolve())
        case _:
            place = _address(_dwdi_base_url(usage.cscs_dwdi_api_url or ""))
    if usage.kind is UsageKind.STORAGE:
        place += f" {usage.storage_filesystem} {usage.storage_data_type}"
    return f"{place} {_address(offering.settings.waldur_api.api_url or '')}"


def _dwdi_base_url(url: str) -> str:
    from cscs_http.dwdi import dwdi_base_url

    return dwdi_base_url(url)


def _address(url: str) -> str:
    """One form for the ways to write a URL: neither scheme, usual port nor slashes tell apart."""
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}"
