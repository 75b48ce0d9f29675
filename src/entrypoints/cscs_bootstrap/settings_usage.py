"""The section `usage`: which offerings' usage is reported, and the warehouse that knows it.

The keys `cscs_dwdi_*` and `storage_*` are called as in spec 000 and in the site agent's files.
"""

# ruff: noqa: RUF009 - `setting` and `section` make attrs fields, not shared defaults

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

from cscs_bootstrap.secrets import ProxyUrl, Secret
from cscs_bootstrap.settings_fields import setting
from cscs_bootstrap.settings_scalars import choice, secret, some_seconds, text, words
from cscs_bootstrap.settings_tables import NO_TABLE, path
from cscs_bootstrap.settings_urls import base_url, proxy_url, web_url
from cscs_bootstrap.settings_usage_components import COMPONENT_KEYS, NO_COMPONENTS, components
from cscs_bootstrap.settings_usage_values import days_of_grace, offerings, path_mapping
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import UsageKind, WarehouseProfile

_REPORTED: Final = "usage"
_ASKED: Final = "usage and warehouse with adapters.dwdi http"
_STORAGE: Final = "usage and warehouse with usage.kind storage"


class StorageUrlStyle(StrEnum):
    """How the storage endpoints are told the file system and the data type."""

    QUERY = "query"
    PATH = "path"


@attrs.frozen(kw_only=True)
class UsageSettings:
    """What is reported to Waldur, and how to reach the usage warehouse (DWDI)."""

    offerings: tuple[str, ...] = setting(
        (),
        offerings,
        "Slugs or uuids of the offerings whose resources are reported.",
        example="[cscs-daint-offering]",
        needed=_REPORTED,
    )
    kind: UsageKind = setting(
        UsageKind.COMPUTE, choice(UsageKind), f"What is metered ({words(UsageKind)})."
    )
    profile: WarehouseProfile = setting(
        WarehouseProfile.V1,
        choice(WarehouseProfile),
        f"Generation of the warehouse's interface ({words(WarehouseProfile)}).",
        example=WarehouseProfile.V2.value,
    )
    grace_days: int = setting(
        5,
        days_of_grace,
        "How long into a month the previous one is reported as well, from 0 to 28.",
        unit="days",
    )
    components: Mapping[str, Component] = setting(
        NO_COMPONENTS,
        components,
        f"Components under their types in Waldur, each with {', '.join(COMPONENT_KEYS)} or none.",
        example="{nodeHours: {measured_unit: node-hours, unit_factor: 1, label: Node Hours}}",
        needed="usage and warehouse",
    )
    cscs_dwdi_api_url: str | None = setting(
        None,
        base_url,
        "Base URL of the warehouse, with or without /api/v1.",
        env="CSCS_DWDI_API_URL",
        example="https://dwdi.example.com",
        needed=_ASKED,
    )
    cscs_dwdi_client_id: str | None = setting(
        None,
        text,
        "Client id for its tokens.",
        env="CSCS_DWDI_CLIENT_ID",
        example="usage-reporter",
        needed=_ASKED,
    )
    cscs_dwdi_client_secret: Secret | None = setting(
        None,
        secret,
        "Client secret for its tokens.",
        env="CSCS_DWDI_CLIENT_SECRET",
        secret=True,
        example="replace-me",
        needed=_ASKED,
    )
    cscs_dwdi_oidc_token_url: str | None = setting(
        None,
        web_url,
        "Endpoint that issues its tokens.",
        env="CSCS_DWDI_OIDC_TOKEN_URL",
        example="https://auth.example.com/realms/cscs/protocol/openid-connect/token",
        needed=_ASKED,
    )
    cscs_dwdi_oidc_scope: str = setting(
        "openid", text, "Scope that is asked for.", env="CSCS_DWDI_OIDC_SCOPE"
    )
    cscs_dwdi_cluster: str | None = setting(
        None,
        text,
        "Cluster of resources whose offering names none (profile v2-account).",
        env="CSCS_DWDI_CLUSTER",
        example="daint",
    )
    socks_proxy: ProxyUrl | None = setting(
        None,
        proxy_url,
        "Proxy on the way to the warehouse and its tokens.",
        env="CSCS_DWDI_SOCKS_PROXY",
        example="socks5://localhost:12345",
    )
    ca_file: Path | None = setting(
        None,
        path,
        "Certificates (PEM) to trust for the warehouse and its tokens besides the usual.",
        example="/etc/ssl/our-authority.pem",
    )
    timeout: timedelta = setting(
        timedelta(seconds=30),
        some_seconds,
        "How long one answer of the warehouse may take; with repetitions twice that.",
        unit="seconds",
    )
    storage_filesystem: str | None = setting(
        None,
        text,
        "File system whose usage is read, as the warehouse calls it.",
        example="lustre",
        needed=_STORAGE,
    )
    storage_data_type: str | None = setting(
        None,
        text,
        "Data type whose usage is read, as the warehouse calls it.",
        example="store",
        needed=_STORAGE,
    )
    storage_path_mapping: Mapping[str, str] = setting(
        NO_TABLE,
        path_mapping,
        "Paths in the warehouse of backend ids that are no paths themselves.",
        example="{cap-grow-fs: /capstor/store/cscs/grow}",
    )
    storage_tenant: str | None = setting(
        None, text, "Accepted because files have it; not used.", example="cscs"
    )
    storage_url_style: StorageUrlStyle = setting(
        StorageUrlStyle.QUERY,
        choice(StorageUrlStyle),
        f"How storage is asked for ({words(StorageUrlStyle)}).",
    )
