"""Adapters over HTTP out of settings. What they import is loaded when the first one is made."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import attrs
import structlog

from cscs_bootstrap.secrets import ProxyUrl
from cscs_bootstrap.settings import HpcUserApi, Settings
from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.errors import ConfigurationError, Mistake
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.identity_cache_policy import IdentityCachePolicy
from cscs_domain.ports import (
    Clock,
    TokenVerifier,
    WaldurInspection,
    WaldurOfferings,
    WaldurOrders,
    WaldurResources,
)
from cscs_domain.storage.callbacks import ApiUrl

if TYPE_CHECKING:
    from cscs_http.connection import Connection
    from cscs_http.oidc_client import Client, ClientCredentials
    from cscs_http.service import Call, Service

Close: TypeAlias = Callable[[], Awaitable[None]]

_LOG: Final = structlog.get_logger("cscs.upstream")


def waldur_service(settings: Settings) -> Service:
    """Requests to Waldur with this site's token. `load` has found the two keys there."""
    from cscs_http.credentials import WaldurToken
    from cscs_http.service import Service

    waldur = settings.waldur_api
    if waldur.api_url is None or waldur.access_token is None:
        raise missing_keys("waldur_api.api_url and waldur_api.access_token")
    place = connection(
        "Waldur",
        ApiUrl.parse(waldur.api_url).text,
        proxy=waldur.socks_proxy,
        ca_file=waldur.ca_file,
        timeout=waldur.timeout,
        verify_tls=waldur.verify_ssl,
        at_once=waldur.concurrency,
    )
    return Service(place, credentials=WaldurToken(waldur.access_token.reveal), observe=log_call)


class WaldurReader(WaldurResources, WaldurInspection, WaldurOfferings, Protocol):
    """An adapter of all the ports that read Waldur."""


async def nothing_to_close() -> None:
    """For adapters that hold nothing."""


@attrs.frozen
class WaldurAdapters:
    """Waldur behind its ports, and how to let go of it. A dump has no orders to ask for."""

    resources: WaldurReader
    orders: WaldurOrders | None = None
    close: Close = nothing_to_close


def http_waldur(settings: Settings) -> WaldurAdapters:
    """A Waldur server."""
    from cscs_http.waldur_orders import HttpWaldurOrders
    from cscs_http.waldur_resources import HttpWaldurResources

    service = waldur_service(settings)
    limit = settings.waldur_api.read_timeout.total_seconds()
    resources = HttpWaldurResources(service, read_limit=limit)
    return WaldurAdapters(resources, HttpWaldurOrders(service), service.close)


def token_verifier(settings: Settings, clock: Clock | None = None) -> TokenVerifier:
    """Who checks callers' tokens with the keys of the configured realm."""
    from cscs_http.realm import REALM_RETRIES, realm_connection
    from cscs_http.service import Service
    from cscs_http.token_verifier import OidcTokenVerifier

    _quieten_retries()
    auth = settings.auth
    if auth.keycloak_url is None:
        raise missing_keys("auth.keycloak_url")
    place = attrs.evolve(realm_connection(auth.keycloak_url), ca_file=auth.ca_file)
    return OidcTokenVerifier(
        Service(place, retries=REALM_RETRIES, observe=log_call),
        realm=auth.keycloak_realm,
        client_id=auth.keycloak_client_id,
        clock=clock or SystemClock(),
    )


def http_hpc_users(settings: Settings, clock: Clock) -> tuple[CachedHpcUsers, Close]:
    """The identity service with what is remembered of it, and how to let go of both."""
    from cscs_http.hpc_users import HttpHpcUsers
    from cscs_http.service import Service

    api = settings.hpc_user_api
    if api.api_url is None:
        raise missing_keys("hpc_user_api.api_url")
    tokens, credentials = _hpc_credentials(api, clock)
    place = _hpc_connection("HPC User API", api.api_url.rstrip("/") + "/", api)
    service = Service(place, credentials=credentials, observe=log_call)
    asked = HttpHpcUsers(service, user_path_template=api.user_path_template)
    cached = CachedHpcUsers(asked, clock, _cache_policy(api))

    async def close() -> None:
        await cached.close()
        await service.close()
        await credentials.close()
        await tokens.close()

    return cached, close


def _hpc_credentials(api: HpcUserApi, clock: Clock) -> tuple[Service, ClientCredentials]:
    from cscs_http.oidc_client import Client

    if api.oidc_token_url is None or api.client_id is None or api.client_secret is None:
        raise missing_keys("hpc_user_api.oidc_token_url, .client_id and .client_secret")
    client = Client(
        client_id=api.client_id, client_secret=api.client_secret.reveal, scope=api.oidc_scope
    )
    return client_credentials(
        api.oidc_token_url, client, lambda url: _hpc_connection("OIDC", url, api), clock
    )


def client_credentials(
    token_url: str, client: Client, connect: Callable[[str], Connection], clock: Clock
) -> tuple[Service, ClientCredentials]:
    """Requests to a token endpoint, and the tokens that it gives this client."""
    from cscs_http.oidc_client import ClientCredentials, TokenEndpoint
    from cscs_http.service import Service

    endpoint = TokenEndpoint.parse(token_url)
    service = Service(connect(endpoint.url), observe=log_call)
    return service, ClientCredentials(service, endpoint, client, clock)


def _hpc_connection(service: str, url: str, api: HpcUserApi) -> Connection:
    return connection(
        service,
        url,
        proxy=api.socks_proxy,
        ca_file=api.ca_file,
        timeout=api.timeout,
    )


def _cache_policy(api: HpcUserApi) -> IdentityCachePolicy:
    return IdentityCachePolicy(
        ttl=api.ttl, negative_ttl=api.negative_ttl, stale_on_error=api.stale_on_error
    )


def connection(
    service: str,
    url: str,
    *,
    proxy: ProxyUrl | None,
    ca_file: Path | None,
    timeout: timedelta,
    verify_tls: bool = True,
    at_once: int = 4,
) -> Connection:
    """Where and how to reach a service."""
    from cscs_http.connection import Connection, TimeLimits

    _quieten_retries()
    seconds = timeout.total_seconds()
    if proxy is not None:
        # The words of the documents; the proxy shows itself without its password.
        _LOG.info("Using SOCKS proxy for API request...", service=service, proxy=repr(proxy))
    return Connection(
        service=service,
        url=url,
        proxy=None if proxy is None else proxy.reveal,
        ca_file=ca_file,
        verify_tls=verify_tls,
        time_limits=TimeLimits(connect=min(10.0, seconds), answer=seconds, total=2 * seconds),
        at_once=at_once,
    )


def _quieten_retries() -> None:
    import stamina

    stamina.instrumentation.set_on_retry_hooks(())  # `log_call` tells of every attempt already


def unusable_ca_files(settings: Settings) -> Iterator[Mistake]:
    """Files of certificates that cannot be used: better said now than at the first connection."""
    files = {
        "waldur_api": settings.waldur_api.ca_file,
        "hpc_user_api": settings.hpc_user_api.ca_file,
        "usage": settings.usage.ca_file,
        "auth": settings.auth.ca_file,
    }
    for section, path in files.items():
        if path is not None and (reason := _why_unusable(path)):
            variable = f"CSCS_{section.upper()}__CA_FILE"
            yield Mistake(f"{section}.ca_file", variable, f"{reason}.", "Name a file in PEM form.")


def _why_unusable(path: Path) -> str | None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "holds no certificate"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def missing_keys(keys: str) -> ConfigurationError:
    """For settings that were not checked for the part of the program that uses them."""
    return ConfigurationError([Mistake(keys, None, "must be set for adapters of kind http.")])


def log_call(call: Call) -> None:
    """Every exchange for people who have set DEBUG, failed ones for everybody.

    A path may name uuids and users, never a secret, and no query.
    """
    failed = call.status is None or call.status >= 500 or call.status == 429
    log = _LOG.warning if failed else _LOG.debug
    log(
        "upstream_call_failed" if failed else "upstream_call",
        service=call.service,
        method=call.method,
        path=call.path,
        status=call.status,
        duration_ms=round(call.seconds * 1000),
        failure=call.failure or None,
    )
