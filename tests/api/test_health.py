"""/healthz and /readyz in every state of the storage answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import attrs
import httpx

from cscs_api.app import create_app
from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings import Auth, HpcUserApi, Settings, WaldurApi
from cscs_domain import CachedHpcUsers, __version__
from tests.api.site import DOWN, PATH, SETTINGS, Json, Site, resource, site_of


async def readiness(site: Site) -> tuple[int, str, Json]:
    """Status, word and what is said about storage."""
    response = await site.client.get("/readyz")
    body = response.json()
    return response.status_code, body["status"], body["configured"]["storage"]


async def settle() -> None:
    """Let reads that were begun behind the scenes end."""
    for _ in range(30):
        await asyncio.sleep(0)


async def test_alive_without_anything_having_been_read(site: Site) -> None:
    response = await site.client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "version": __version__}
    assert response.headers["cache-control"] == "no-store"
    assert site.waldur.reads == 0


async def test_alive_though_waldur_is_down(site: Site) -> None:
    site.waldur.fail_with(DOWN)
    await site.get()

    assert (await site.client.get("/healthz")).status_code == 200


async def test_waiting_until_the_first_read_which_it_begins_itself(site: Site) -> None:
    status, word, storage = await readiness(site)
    assert (status, word, storage["snapshot"]) == (503, "waiting", None)

    await settle()

    status, word, storage = await readiness(site)
    assert (status, word) == (200, "ready")
    assert site.waldur.reads == 1


async def test_ready_tells_what_is_served(site: Site) -> None:
    answer = await site.answer()
    site.advance(7)
    _, _, storage = await readiness(site)

    assert storage == {
        "systems": ["capstor", "vast", "iopsstor"],
        "adapters": {"waldur": "http", "hpc_user": "http"},
        "snapshot": {
            "id": answer["pagination"]["snapshot"],
            "age_seconds": 7,
            "rows": answer["pagination"]["total"],
            "problems": {},
        },
        "failure": None,
    }


TWO_EMPTY_SYSTEMS = 2


async def test_problems_are_counted_by_severity() -> None:
    rows = [resource("a", uuid="x"), resource("b", project_slug="ghost"), resource("c", state="?")]
    async with site_of(rows) as site:
        await site.answer()
        _, _, storage = await readiness(site)

    assert storage["snapshot"]["problems"] == {"error": 2, "warning": 1, "info": TWO_EMPTY_SYSTEMS}


async def test_failing_when_the_first_read_has_failed() -> None:
    async with site_of([resource()]) as site:
        site.waldur.fail_with(DOWN)
        await site.get()
        status, word, storage = await readiness(site)

    assert (status, word) == (503, "failing")
    assert storage["failure"] == "Waldur did not give a usable answer"


async def test_ready_while_an_old_answer_may_stand_in(site: Site) -> None:
    await site.answer()
    site.waldur.fail_with(DOWN)
    site.advance(300)
    await site.get()
    status, word, storage = await readiness(site)

    assert (status, word) == (200, "ready")
    assert storage["failure"] == "Waldur did not give a usable answer"


async def test_failing_after_stale_if_error(site: Site) -> None:
    await site.answer()
    site.waldur.fail_with(DOWN)
    site.advance(301)
    await site.get()
    status, word, storage = await readiness(site)

    assert (status, word) == (503, "failing")
    assert storage["snapshot"]["age_seconds"] == 301


async def test_it_recovers_by_itself_though_nobody_else_asks(site: Site) -> None:
    """A balancer sends no requests to who is not ready, so being asked must be enough."""
    await site.answer()
    site.waldur.fail_with(DOWN)
    site.advance(301)
    await site.get()
    site.waldur.recover()
    site.advance(2)
    words = []
    for _ in range(2):
        words.append((await readiness(site))[1])
        await settle()

    assert words == ["failing", "ready"]


async def test_ready_as_long_as_a_young_answer_is_served_whatever_stale_if_error_says() -> None:
    settings = attrs.evolve(SETTINGS, stale_if_error=timedelta(0))
    async with site_of([resource()], settings=settings) as site:
        await site.answer()
        site.waldur.fail_with(DOWN)
        site.advance(5)
        forced = await site.get(cache_control="no-cache")
        status, word, _ = await readiness(site)
        usual = await site.get()

    assert (forced.status_code, usual.status_code) == (502, 200)
    assert (status, word) == (200, "ready")


async def test_no_secret_is_shown() -> None:
    settings = attrs.evolve(
        SETTINGS,
        waldur_api=WaldurApi(access_token=Secret("token-5e1f")),
        hpc_user_api=HpcUserApi(client_secret=Secret("password-77aa")),
    )
    async with site_of([resource()], settings=settings) as site:
        await site.answer()
        text = (await site.client.get("/readyz")).text

    assert "token-5e1f" not in text
    assert "password-77aa" not in text


class TestWithoutStorage:
    """A server whose configuration has no storage section, for events or usage alone."""

    async def ask(self, path: str) -> httpx.Response:
        """Ask such a server."""
        app = create_app(Settings(auth=Auth(disable_auth=True)))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    async def test_its_route_is_404_and_says_why(self) -> None:
        for path in (PATH, PATH.rstrip("/"), PATH + "?page=x"):
            response = await self.ask(path)

            assert response.status_code == 404
            body = response.json()
            assert list(body) == ["detail", "error", "help", "request_id"]
            assert body["error"] == "NotFound"
            assert "storage_systems" in body["help"]

    async def test_it_is_ready_and_lists_nothing(self) -> None:
        response = await self.ask("/readyz")

        assert response.status_code == 200
        assert response.json() == {"status": "ready", "version": __version__, "configured": {}}

    async def test_it_is_alive(self) -> None:
        assert (await self.ask("/healthz")).status_code == 200


async def test_the_cache_of_ids_is_told_where_there_is_one(site: Site) -> None:
    cache = CachedHpcUsers(site.hpc_users, site.clock)
    site.service.gid_cache = cache.statistics
    await cache.gids(["climate", "nobody-knows"])
    await cache.gids(["climate"])
    site.advance(7)

    _, _, storage = await readiness(site)

    assert storage["gid_cache"] == {
        "size": 2,
        "hits": 1,
        "misses": 2,
        "stale": 0,
        "negative": 0,
        "oldest_seconds": 7,
    }
    await cache.close()
