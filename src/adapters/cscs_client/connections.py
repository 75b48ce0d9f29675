"""How the client reaches a service: URL, certificates, proxy, time-outs."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs
import httpx

from cscs_client.tokens import Secret, revealed
from cscs_domain.errors import InvalidValueError
from cscs_http.connection import Connection, TimeLimits
from cscs_http.credentials import Credentials
from cscs_http.service import Service

_PROXIES: Final = frozenset({"socks5", "socks5h", "socks4", "http", "https"})
_LONGEST_CONNECT: Final = 10.0


def _positive(_instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not value > 0:
        raise InvalidValueError(attribute.name, str(value), "is not above zero")


def _known_scheme(_instance: object, _attribute: object, value: Secret | None) -> None:
    if isinstance(value, str):
        _checked_proxy(value)


@attrs.frozen(kw_only=True)
class Reach:
    """What all services of one client have in common; `timeout` in seconds, for one answer."""

    ca_file: Path | None = None
    proxy: Secret | None = attrs.field(default=None, repr=False, validator=_known_scheme)
    timeout: float = attrs.field(default=60.0, validator=_positive)


def service_of(
    name: str,
    url: str,
    reach: Reach,
    credentials: Credentials | None = None,
    http: httpx.AsyncClient | None = None,
) -> Service:
    """Requests to the service at this URL, which ends in a slash."""
    proxy = reach.proxy
    connection = Connection(
        service=name,
        url=url,
        ca_file=reach.ca_file,
        proxy=None if proxy is None else lambda: _revealed_proxy(proxy),
        time_limits=TimeLimits(
            connect=min(_LONGEST_CONNECT, reach.timeout),
            answer=reach.timeout,
            total=2 * reach.timeout,
        ),
    )
    return Service(connection, credentials=credentials, client=http)


def _revealed_proxy(proxy: Secret) -> str:
    return _checked_proxy(revealed("proxy", proxy))


def _checked_proxy(url: str) -> str:
    """The URL, which may hold a password and is therefore never shown."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PROXIES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        known = ", ".join(sorted(_PROXIES))
        raise InvalidValueError(
            "proxy", "(not shown)", f"is no URL with a host and one of the schemes {known}"
        )
    return url
