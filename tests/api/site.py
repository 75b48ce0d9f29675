"""A small site behind the HTTP application: its rows, ids and clock are the test's to change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import attrs
import httpx

from cscs_api.app import create_app
from cscs_bootstrap.settings import Auth, Settings
from cscs_bootstrap.storage_policy import freshness_policy, storage_policy
from cscs_bootstrap.storage_service import StorageService
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_domain.ports import TokenVerifier
from cscs_domain.storage.read_storage import StorageSources
from cscs_fakes.clock import FixedClock
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_json import encode_row

Json = dict[str, Any]
"""A decoded JSON object; reading a member that is not there fails the test."""

PATH: Final = "/api/storage-resources/"
API: Final = "https://waldur.example.com/api/"
DOWN: Final = UpstreamServiceError("Waldur", "does not answer")
GIDS: Final = {"climate": 30500, "ocean": 30501, "glacier": 30502}
ANNA: Final = UnixUser("anna", 20100, "anna@uni.example", "climate", 30500)

SETTINGS: Final = Settings(
    storage_systems=MappingProxyType(
        {"capstor": "capstor", "vast": "vast", "iopsstor": "iopsstor"}
    ),
    callback_base_url=API,
    auth=Auth(disable_auth=True),
)


def uuid_of(name: str) -> str:
    """A uuid that a test can refer to by name."""
    return str(uuid5(NAMESPACE_URL, name))


def resource(slug: str = "res-1", **changes: object) -> Json:
    """A resource of 10 TB on capstor as Waldur sends it; its uuid is that of its slug."""
    system = str(changes.get("offering_slug", "capstor"))
    project = str(changes.get("project_slug", "climate"))
    row: Json = {
        "uuid": uuid_of(slug),
        "slug": slug,
        "name": "Our storage",
        "state": "OK",
        "offering_uuid": uuid_of(f"offering {system}"),
        "offering_slug": system,
        "offering_name": f"Storage of {system}",
        "provider_slug": "cscs",
        "provider_name": "CSCS",
        "customer_uuid": uuid_of("uni"),
        "customer_slug": "uni",
        "customer_name": "University",
        "project_uuid": uuid_of(project),
        "project_slug": project,
        "project_name": project.title(),
        "limits": {"storage": 10},
        "attributes": {"storage_data_type": "store", "permissions": "2770"},
        "options": {},
        "backend_id": "",
        "backend_metadata": {},
        "modified": "2026-11-20T10:00:00.000000Z",
        "order_in_progress": None,
    }
    return row | changes


def order(kind: str, state: str, **changes: object) -> Json:
    """A nested order whose uuid is that of "order"."""
    plain: Json = {"uuid": uuid_of("order"), "type": kind, "state": state, "limits": {}}
    return plain | {"attributes": {}} | changes


@attrs.define(eq=False)
class Site:
    """A running application and everything behind it."""

    waldur: FakeWaldurResources
    hpc_users: FakeHpcUsers
    clock: FixedClock
    service: StorageService
    client: httpx.AsyncClient

    async def get(self, query: str = "", **headers: str) -> httpx.Response:
        """Ask for storage resources; names of headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(PATH + query, headers=named)

    async def answer(self, query: str = "") -> Json:
        """The body of a good answer."""
        response = await self.get(query)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    async def rows(self, query: str = "") -> list[Json]:
        """The rows of a good answer."""
        rows: list[Json] = (await self.answer(query))["resources"]
        return rows

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))


@asynccontextmanager
async def site_of(
    rows: Iterable[object] = (),
    *,
    settings: Settings = SETTINGS,
    gids: Mapping[str, object] | None = None,
    client_address: tuple[str, int] = ("127.0.0.1", 50000),
    verifier: TokenVerifier | None = None,
) -> AsyncIterator[Site]:
    """Run an application over these rows, without a network."""
    waldur, users = FakeWaldurResources(rows), FakeHpcUsers(GIDS if gids is None else gids, [ANNA])
    clock = FixedClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    service = StorageService(
        policy=storage_policy(settings),
        sources=StorageSources(waldur, users),
        inspection=waldur,
        offerings=waldur,
        clock=clock,
        encode=encode_row,
        freshness=freshness_policy(settings),
        include_terminated=settings.include_terminated,
        strict=settings.strict,
    )
    app = create_app(settings, storage=service, verifier=verifier)
    transport = httpx.ASGITransport(app, client=client_address)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Site(waldur, users, clock, service, client)
    await service.close()


def leaves(rows: Iterable[Json]) -> list[Json]:
    """The rows of projects and users."""
    return [row for row in rows if row["target"]["targetType"] in {"project", "user"}]


def paths(rows: Iterable[Json]) -> list[str]:
    """Where the rows are mounted."""
    return [row["mountPoint"]["default"] for row in rows]
