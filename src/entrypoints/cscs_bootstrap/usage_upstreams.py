"""Usage over HTTP out of settings. What the adapters import is loaded when one is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cscs_bootstrap.settings import Settings, UsageSettings
from cscs_bootstrap.upstreams import connection, log_call, missing_keys, waldur_service
from cscs_bootstrap.usage_adapters import WaldurUsageAdapter, WarehouseAdapter
from cscs_domain.ports import Clock

if TYPE_CHECKING:
    from cscs_http.dwdi_access import Connect, DwdiAccess


def http_warehouse(settings: Settings, clock: Clock) -> WarehouseAdapter:
    """A warehouse that lets this site's client in."""
    from cscs_http.dwdi_access import DwdiClient

    usage = settings.usage
    client = DwdiClient(_access(usage), clock, observe=log_call, connect=_connect(usage))
    return WarehouseAdapter(client.warehouse, client.get_token, client.close)


def _access(usage: UsageSettings) -> DwdiAccess:
    from cscs_http.dwdi import UrlStyle
    from cscs_http.dwdi_access import DwdiAccess

    if usage.cscs_dwdi_api_url is None:
        raise missing_keys("usage.cscs_dwdi_api_url")
    client_id, client_secret = usage.cscs_dwdi_client_id, usage.cscs_dwdi_client_secret
    token_url = usage.cscs_dwdi_oidc_token_url
    if token_url is None or client_id is None or client_secret is None:
        raise missing_keys(
            "usage.cscs_dwdi_oidc_token_url, .cscs_dwdi_client_id and .cscs_dwdi_client_secret"
        )
    return DwdiAccess(
        api_url=usage.cscs_dwdi_api_url,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret.reveal,
        scope=usage.cscs_dwdi_oidc_scope,
        profile=usage.profile,
        kind=usage.kind,
        storage_url_style=UrlStyle(usage.storage_url_style.value),
    )


def _connect(usage: UsageSettings) -> Connect:
    """As other services are reached, with a line in the log about a proxy."""
    return partial(
        connection, proxy=usage.socks_proxy, ca_file=usage.ca_file, timeout=usage.timeout
    )


def http_waldur_usage(settings: Settings) -> WaldurUsageAdapter:
    """A Waldur server."""
    from cscs_http.waldur_usage import HttpWaldurUsage

    service = waldur_service(settings)
    limit = settings.waldur_api.read_timeout.total_seconds()
    return WaldurUsageAdapter(HttpWaldurUsage(service, read_limit=limit), service.close)
