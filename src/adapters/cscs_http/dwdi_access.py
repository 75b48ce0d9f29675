"""The usage warehouse with its tokens: what it takes to be let in, and both of its services.

Source: DWDI contract, sections 1 and 2.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from cscs_domain.ports import Clock
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_http.connection import Connection, Reveal, TimeLimits
from cscs_http.dwdi import HttpUsageWarehouse, UrlStyle, dwdi_base_url
from cscs_http.errors import NoAnswerError
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.service import Call, Observer, Service

__all__ = ["DwdiAccess", "DwdiClient", "open_warehouse"]

LARGEST_USAGE_ANSWER: Final = 128 * 2**20
"""Bytes: a month of days of 50 accounts with hundreds of users each comes near a quarter of it."""

_TOKENS: Final = "OIDC"
_DATA: Final = "DWDI"
_AT_ONCE: Final = 4

Connect: TypeAlias = Callable[[str, str], Connection]
"""How to reach a service of this name at this URL."""


@attrs.frozen(kw_only=True)
class DwdiAccess:
    """Where a warehouse is, and who we are there.

    `api_url` may end in `/api/v1` or not; `kind` is what a ping asks about. `proxy` (`socks5://`,
    `socks4://`, `http://`) is the way to tokens and data alike. `timeout` are the seconds that one
    answer may take, with repetitions twice that. `section` and `prefix` are what the names of
    these settings begin with, for advice in errors.
    """

    api_url: str
    token_url: str
    client_id: str
    client_secret: Reveal = attrs.field(repr=False)
    scope: str = ""
    profile: WarehouseProfile = WarehouseProfile.V1
    kind: UsageKind = UsageKind.COMPUTE
    storage_url_style: UrlStyle = UrlStyle.QUERY
    proxy: Reveal | None = attrs.field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0
    section: str = ""
    prefix: str = "cscs_dwdi_"

    def connection(self, service: str, url: str) -> Connection:
        """How to reach one of the two services."""
        seconds = self.timeout
        return Connection(
            service=service,
            url=url,
            proxy=self.proxy,
            ca_file=self.ca_file,
            time_limits=TimeLimits(connect=min(10.0, seconds), answer=seconds, total=2 * seconds),
            at_once=_AT_ONCE,
        )


def _ignore(_call: Call) -> None:
    pass


class DwdiClient:
    """A warehouse and the tokens for it. Close it when it is no longer needed.

    `observe` is told of every exchange with either service. `connect` is for programs that know
    better than `access.connection` how to reach them.
    """

    def __init__(
        self,
        access: DwdiAccess,
        clock: Clock,
        *,
        observe: Observer = _ignore,
        connect: Connect | None = None,
    ) -> None:
        connect = connect or access.connection
        endpoint = TokenEndpoint.parse(access.token_url)
        place = connect(_DATA, dwdi_base_url(access.api_url))
        client = Client(
            client_id=access.client_id,
            client_secret=access.client_secret,
            scope=access.scope,
            section=access.section,
            prefix=access.prefix,
        )
        self._tokens = Service(connect(_TOKENS, endpoint.url), observe=observe)
        self._credentials = ClientCredentials(self._tokens, endpoint, client, clock)
        self._data = Service(
            attrs.evolve(place, largest_answer=LARGEST_USAGE_ANSWER),
            credentials=self._credentials,
            observe=observe,
        )
        self.warehouse = HttpUsageWarehouse(
            self._data,
            profile=access.profile,
            storage_url_style=access.storage_url_style,
            kind=access.kind,
            today=lambda: clock.now().date(),
        )

    async def get_token(self, *, within: float = 10) -> None:
        """See whether there is a token for us. Raises `UpstreamServiceError`, after `within`
        seconds at the latest.
        """
        try:
            async with asyncio.timeout(within):
                await self._credentials.header()
        except TimeoutError:
            reason = f"the token endpoint gave no answer within {within:g} s"
            raise NoAnswerError(_TOKENS, reason) from None

    async def close(self) -> None:
        """Close all connections."""
        await self._data.close()
        await self._credentials.close()
        await self._tokens.close()


@asynccontextmanager
async def open_warehouse(
    access: DwdiAccess, clock: Clock, *, observe: Observer = _ignore
) -> AsyncIterator[HttpUsageWarehouse]:
    """The warehouse for as long as the context lasts; tokens are fetched when they are needed."""
    client = DwdiClient(access, clock, observe=observe)
    try:
        yield client.warehouse
    finally:
        await client.close()
