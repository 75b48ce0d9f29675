"""Usage over HTTP out of settings. What the adapters import is loaded when one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cscs_bootstrap.settings import Settings, UsageSettings
from cscs_bootstrap.upstreams import (
    client_credentials,
    connection,
    log_call,
    missing_keys,
    waldur_service,
)
from cscs_bootstrap.usage_adapters import WaldurUsageAdapter, WarehouseAdapter
from cscs_domain.ports import Clock

if TYPE_CHECKING:
    from cscs_http.connection import Connection
    from cscs_http.oidc_client import ClientCredentials
    from cscs_http.service import Service


def http_warehouse(settings: Settings, clock: Clock) -> WarehouseAdapter:
    """A warehouse that lets this site's client in."""
    from cscs_http.dwdi import HttpUsageWarehouse, UrlStyle, dwdi_base_url
    from cscs_http.service import Service

    usage = settings.usage
    if usage.cscs_dwdi_api_url is None:
        raise missing_keys("usage.cscs_dwdi_api_url")
    tokens, credentials = _credentials(usage, clock)
    place = _connection("DWDI", dwdi_base_url(usage.cscs_dwdi_api_url), usage)
    service = Service(place, credentials=credentials, observe=log_call)
    warehouse = HttpUsageWarehouse(
        service,
        profile=usage.profile,
        storage_url_style=UrlStyle(usage.storage_url_style.value),
        kind=usage.kind,
        today=lambda: clock.now().date(),
    )

    async def get_token() -> None:
        await credentials.header()

    async def close() -> None:
        await service.close()
        await credentials.close()
        await tokens.close()

    return WarehouseAdapter(warehouse, get_token, close)


def _credentials(usage: UsageSettings, clock: Clock) -> tuple[Service, ClientCredentials]:
    from cscs_http.oidc_client import Client

    client_id, client_secret = usage.cscs_dwdi_client_id, usage.cscs_dwdi_client_secret
    token_url = usage.cscs_dwdi_oidc_token_url
    if token_url is None or client_id is None or client_secret is None:
        raise missing_keys(
            "usage.cscs_dwdi_oidc_token_url, .cscs_dwdi_client_id and .cscs_dwdi_client_secret"
        )
    client = Client(
        client_id=client_id,
        client_secret=client_secret.reveal,
        scope=usage.cscs_dwdi_oidc_scope,
        section="usage",
        prefix="cscs_dwdi_",
    )
    return client_credentials(token_url, client, lambda url: _connection("OIDC", url, usage), clock)


def _connection(service: str, url: str, usage: UsageSettings) -> Connection:
    return connection(
        service, url, proxy=usage.socks_proxy, ca_file=usage.ca_file, timeout=usage.timeout
    )


def http_waldur_usage(settings: Settings) -> WaldurUsageAdapter:
    """A Waldur server."""
    from cscs_http.waldur_usage import HttpWaldurUsage

    service = waldur_service(settings)
    limit = settings.waldur_api.read_timeout.total_seconds()
    return WaldurUsageAdapter(HttpWaldurUsage(service, read_limit=limit), service.close)
