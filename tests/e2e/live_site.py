"""Our application over an emulated site, with real sockets between them; waits take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import attrs
import httpx

from cscs_api.app import create_app
from cscs_bootstrap.settings import Auth, Settings
from cscs_bootstrap.storage_policy import storage_policy
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.system_clock import SystemClock
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.identity_cache_policy import IdentityCachePolicy
from cscs_domain.storage.freshness import FreshnessPolicy
from cscs_domain.storage.read_storage import StorageSources
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import HPC_USER_PATH, EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from cscs_http.connection import Connection, TimeLimits
from cscs_http.credentials import WaldurToken
from cscs_http.hpc_users import HttpHpcUsers
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.retries import Retries
from cscs_http.service import Service
from cscs_http.waldur_resources import HttpWaldurResources
from cscs_json import encode_row

PATH: Final = "/api/storage-resources/"
RETRIES: Final = Retries(attempts=2, first_wait=0, longest_wait=0, jitter=0)
PATIENT: Final = TimeLimits(connect=5, answer=10, total=20)
IMPATIENT: Final = TimeLimits(connect=5, answer=0.4, total=1)
LARGEST: Final = 4 * 2**20
SETTINGS: Final = Settings(
    storage_systems=MappingProxyType({name: name for name in ("capstor", "vast", "iopsstor")}),
    auth=Auth(disable_auth=True),
)


@attrs.define(eq=False)
class LiveSite:
    """What is asked, and everything behind it. `services` can be made impatient."""

    site: EmulatedSite
    services: dict[str, Service]
    storage: StorageService
    client: httpx.AsyncClient

    async def get(self, query: str = "", **headers: str) -> httpx.Response:
        """Ask for storage resources; names of headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(PATH + query, headers=named)

    async def rows(self) -> list[dict[str, Any]]:
        """All rows, in pages of 500 of one snapshot."""
        found: list[dict[str, Any]] = []
        pin, page, more = "", 1, True
        while more:
            answer = (await self.get(f"?page={page}&page_size=500{pin}")).json()
            found += answer["resources"]
            pin, page = f"&snapshot={answer['pagination']['snapshot']}", page + 1
            more = answer["pagination"]["has_next"]
        return found

    def hurry(self) -> None:
        """From now on, wait for no answer longer than a moment."""
        for service in self.services.values():
            service.connection = attrs.evolve(service.connection, time_limits=IMPATIENT)


@asynccontextmanager
async def live_over(
    site: EmulatedSite, *, ids_live: timedelta = timedelta(hours=1)
) -> AsyncIterator[LiveSite]:
    """Run our application over this site. Snapshots stay fresh unless a request wants a new one."""
    services, credentials = _services(site)
    storage = _storage(services, FreshnessPolicy(max_age=timedelta(hours=1)), ids_live)
    transport = httpx.ASGITransport(create_app(SETTINGS, storage=storage))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield LiveSite(site, services, storage, client)
    await storage.close()
    await credentials.close()
    for service in services.values():
        await service.close()


def _services(site: EmulatedSite) -> tuple[dict[str, Service], ClientCredentials]:
    endpoint = TokenEndpoint.parse(f"{site.oidc.issuer}/protocol/openid-connect/token")
    oidc = _service("OIDC", endpoint.url)
    client = Client(client_id=CLIENT_ID, client_secret=lambda: CLIENT_SECRET)
    credentials = ClientCredentials(
        oidc, endpoint, client, SystemClock(), pause=timedelta(milliseconds=1)
    )
    hpc_user = Service(
        _connection("HPC User API", f"{site.url}{HPC_USER_PATH}/"),
        credentials=credentials,
        retries=RETRIES,
    )
    waldur = Service(
        _connection("Waldur", f"{site.url}/api/"),
        credentials=WaldurToken(lambda: AGENT_TOKEN),
        retries=RETRIES,
    )
    return {"waldur": waldur, "hpc_user": hpc_user, "oidc": oidc}, credentials


def _service(name: str, url: str) -> Service:
    return Service(_connection(name, url), retries=RETRIES)


def _connection(name: str, url: str) -> Connection:
    return Connection(service=name, url=url, time_limits=PATIENT, largest_answer=LARGEST)


def _storage(
    services: dict[str, Service], freshness: FreshnessPolicy, ids_live: timedelta
) -> StorageService:
    waldur = HttpWaldurResources(services["waldur"])
    clock = SystemClock()
    asked = HttpHpcUsers(services["hpc_user"], user_path_template=None)
    # Without a pause after a failure, so that a test need not wait for its end.
    users = CachedHpcUsers(asked, clock, IdentityCachePolicy(ttl=ids_live, pause=timedelta(0)))
    return StorageService(
        policy=storage_policy(SETTINGS),
        sources=StorageSources(waldur, users),
        inspection=waldur,
        offerings=waldur,
        clock=clock,
        encode=encode_row,
        freshness=freshness,
        closers=(users.close,),
    )
