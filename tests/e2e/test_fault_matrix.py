"""Each fault of each upstream, cold and warm: what is served, how old, and what is told.

Law of all of them: an answer is a whole tree or an error that names the service; it comes in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
import pytest

from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.site import EmulatedSite
from tests.e2e.live_site import LiveSite, live_over
from tests.emulated import running_site

pytestmark = pytest.mark.anyio

BREAKING: Final = [kind for kind in FaultKind if kind not in {FaultKind.VANISH, FaultKind.LATENCY}]
SERVICES: Final = {"waldur": "Waldur", "hpc_user": "HPC User API", "oidc": "OIDC"}
FRESH: Final = {"cache_control": "no-cache"}
SECONDS: Final = 30
"""Far beyond all time limits of a test: who waits so long has hung."""


@pytest.fixture(scope="module")
def one_site() -> Iterator[EmulatedSite]:
    with running_site(resources=60) as site:
        yield site


@pytest.fixture
async def live(one_site: EmulatedSite) -> AsyncIterator[LiveSite]:
    """Everything as it was at the start, and nothing read yet."""
    one_site.reset()
    async with live_over(one_site) as live:
        yield live
    one_site.faults.clear()


def break_down(live: LiveSite, service: str, kind: FaultKind, times: int | None = None) -> None:
    """Let a service fail from now on."""
    live.site.faults.add(service, Fault(kind=kind, retry_after="0", times=times, size=1))
    if kind in {FaultKind.SLOW, FaultKind.HANG}:
        live.hurry()


async def ask(live: LiveSite) -> httpx.Response:
    """A fresh answer, in time."""
    async with asyncio.timeout(SECONDS):
        return await live.get(**FRESH)


async def oldest(live: LiveSite, count: int) -> list[str]:
    """The uuids of the resources that were there first."""
    params = (("o", "created"), ("page_size", "300"), ("field", "uuid"))
    answer = await live.services["waldur"].get("marketplace-provider-resources/", params)
    rows = answer.json()
    assert isinstance(rows, list)
    return [row["uuid"] for row in rows[:count]]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", BREAKING)
async def test_cold_there_is_an_error_that_names_the_service(
    live: LiveSite, service: str, kind: FaultKind
) -> None:
    break_down(live, service, kind)
    answer = await ask(live)

    body = answer.json()
    assert answer.status_code == 502
    assert body["error"] == "UpstreamServiceError"
    assert body["detail"].startswith(f"{SERVICES[service]}: ")
    assert body["detail"].isprintable()
    assert len(body["detail"]) < 700


@pytest.mark.parametrize("kind", BREAKING)
async def test_warm_without_waldur_the_last_tree_stands_in(live: LiveSite, kind: FaultKind) -> None:
    before = (await ask(live)).json()
    break_down(live, "waldur", kind)
    answer = await ask(live)

    assert answer.status_code == 200
    assert answer.headers["warning"].startswith("110 ")
    assert 0 <= int(answer.headers["age"]) <= SECONDS
    assert answer.json() == before


@pytest.mark.parametrize("service", ["hpc_user", "oidc"])
@pytest.mark.parametrize("kind", BREAKING)
async def test_warm_the_identity_service_is_not_needed(
    live: LiveSite, service: str, kind: FaultKind
) -> None:
    before = (await ask(live)).json()
    break_down(live, service, kind)
    answer = await ask(live)

    assert answer.status_code == 200
    assert "warning" not in answer.headers
    assert answer.json() == before


@pytest.mark.parametrize("kind", BREAKING)
async def test_warm_a_new_project_without_its_service_keeps_the_last_tree(
    live: LiveSite, kind: FaultKind
) -> None:
    """Its id is not known, and a tree without it would look like a directory to be removed."""
    before = (await ask(live)).json()
    live.site.waldur.add_row(await _of_a_new_project(live))
    break_down(live, "hpc_user", kind)
    answer = await ask(live)

    assert answer.status_code == 200
    assert answer.headers["warning"].startswith("110 ")
    assert answer.json() == before


async def _of_a_new_project(live: LiveSite) -> dict[str, object]:
    row = dict(live.site.waldur.resource((await oldest(live, 1))[0]))
    uuid = "0123456789abcdef0123456789abcdef"
    return row | {"uuid": uuid, "slug": "brand-new", "project_slug": "brand-new"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", BREAKING)
async def test_a_fault_that_passes_is_survived_or_told(
    live: LiveSite, service: str, kind: FaultKind
) -> None:
    """After the fault the next fresh answer is a whole one."""
    break_down(live, service, kind, times=1)
    first = await ask(live)
    whole = await ask(live)

    assert whole.status_code == 200
    assert first.status_code in {200, 502}
    if first.status_code == 200:
        assert first.json()["resources"] == whole.json()["resources"]


@pytest.mark.parametrize("service", ["hpc_user", "oidc"])
async def test_ids_that_are_too_old_stand_in_and_that_is_told(
    one_site: EmulatedSite, service: str
) -> None:
    one_site.reset()
    async with live_over(one_site, ids_live=timedelta(0)) as live:
        before = (await ask(live)).json()
        live.site.oidc.revoke_all()
        break_down(live, service, FaultKind.ERROR_503)
        answer = await ask(live)
    one_site.faults.clear()

    assert answer.status_code == 200
    assert answer.json()["resources"] == before["resources"]
    assert "stale_identity" in {problem["code"] for problem in answer.json()["problems"]}


async def test_late_answers_are_good_answers(live: LiveSite) -> None:
    before = (await ask(live)).json()
    for service in SERVICES:
        live.site.faults.add(service, Fault(kind=FaultKind.LATENCY, ms=20))
    answer = await ask(live)

    assert answer.status_code == 200
    assert answer.json() == before


@pytest.mark.parametrize("gone", [1, 7, 290])
async def test_rows_that_vanish_between_pages_take_no_other_row_along(gone: int) -> None:
    with running_site(resources=950) as site:
        async with live_over(site) as live:
            left = await oldest(live, gone)
            before = {row["itemId"] for row in await live.rows() if "unixGid" in str(row)}
            live.site.faults.add("waldur", Fault(kind=FaultKind.VANISH, rows=gone, times=1))
            answer = await ask(live)
            after = [row["itemId"] for row in await live.rows() if "unixGid" in str(row)]

    assert answer.status_code == 200
    assert before - {str(UUID(uuid)) for uuid in left} <= set(after)
    assert len(after) == len(set(after))


async def test_an_older_server_is_named_and_nothing_is_placed() -> None:
    with running_site(mode="5.8") as site:
        async with live_over(site) as live:
            answer = (await ask(live)).json()

    assert answer["resources"] == []
    assert [problem["code"] for problem in answer["problems"]] == ["upstream_too_old"]
