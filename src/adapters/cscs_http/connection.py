"""How one upstream service is reached: address, certificates, proxy, time-outs, bounds.

A proxy is any of `socks5://`, `socks5h://`, `http://`, `https://` (by httpx itself) and
`socks4://` (by httpx-socks). Nothing is taken from this process's environment, so that what the
configuration says is what happens.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import httpx
from httpx_socks import AsyncProxyTransport

from cscs_domain.errors import InvalidValueError

Reveal: TypeAlias = Callable[[], str]
"""Gives a secret when it is needed, so that nobody else has to hold it."""

_MEGABYTE: Final = 2**20


@attrs.frozen(kw_only=True)
class TimeLimits:
    """Seconds. `connect`: until a connection stands; `answer`: for one whole answer, however its
    bytes drip; `total`: for a request with all its repetitions.
    """

    connect: float = 10.0
    answer: float = 60.0
    total: float = 120.0


@attrs.frozen(kw_only=True)
class Connection:
    """One service. `url` ends in a slash; `proxy`, which may hold a password, is never shown."""

    service: str
    url: str = attrs.field()
    verify_tls: bool = True
    ca_file: Path | None = None
    proxy: Reveal | None = attrs.field(default=None, repr=False)
    time_limits: TimeLimits = TimeLimits()
    at_once: int = 8
    largest_answer: int = 32 * _MEGABYTE

    @url.validator
    def _ends_in_a_slash(self, _attribute: object, value: str) -> None:
        if not value.endswith("/"):
            raise InvalidValueError("base URL", repr(value), "does not end in a slash")


def make_client(connection: Connection) -> httpx.AsyncClient:
    """A client for this service. Redirects are never followed: they would take the token along."""
    limits = httpx.Limits(
        max_connections=connection.at_once, max_keepalive_connections=connection.at_once
    )
    time = connection.time_limits
    # Reading all certificates takes a while, and plain HTTP has no use for them.
    context = tls_context(connection) if _uses_tls(connection) else _trusting_nobody()
    return httpx.AsyncClient(
        transport=_transport(connection, context, limits),
        timeout=httpx.Timeout(time.answer, connect=time.connect, pool=time.total),
        headers={"accept": "application/json", "accept-encoding": "gzip"},
        # An empty jar that takes nothing: we are known by our token, never by a session.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


def _transport(
    connection: Connection, context: ssl.SSLContext, limits: httpx.Limits
) -> httpx.AsyncBaseTransport:
    proxy = connection.proxy() if connection.proxy else None
    if proxy is not None and proxy.startswith("socks4://"):
        return AsyncProxyTransport.from_url(proxy, verify=context, limits=limits, retries=0)
    return httpx.AsyncHTTPTransport(
        verify=context,
        limits=limits,
        proxy=None if proxy is None else httpx.Proxy(proxy),
        retries=0,
        trust_env=False,
    )


def _uses_tls(connection: Connection) -> bool:
    urls = (connection.url, connection.proxy() if connection.proxy else "")
    return any(url.lower().startswith("https:") for url in urls)


def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def tls_context(connection: Connection) -> ssl.SSLContext:
    """The certificates to believe: the usual ones, this machine's, and the configured file's."""
    context = httpx.create_ssl_context(verify=connection.verify_tls, trust_env=False)
    if not connection.verify_tls:
        return context
    context.load_default_certs()
    if connection.ca_file is not None:
        try:
            context.load_verify_locations(connection.ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = getattr(error, "strerror", None) or "holds no certificate in PEM form"
            raise InvalidValueError(
                "CA file", repr(str(connection.ca_file)), f"cannot be used: {reason}"
            ) from None
    return context
