"""The HTTP adapter of Waldur's resources against both versions of Waldur, in their processes.

What the port promises is shown in `test_waldur_resources`; here is where real servers differ.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final
from uuid import UUID

import pytest

from cscs_domain.ports import ResourceQuery
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_http.connection import Connection
from cscs_http.credentials import WaldurToken
from cscs_http.service import Service
from cscs_http.waldur_resources import HttpWaldurResources
from tests.emulated import EmulatorProcess, emulator_process
from tests.unit.http.services import QUICK

pytestmark = pytest.mark.anyio

RESOURCES: Final = 700
SYSTEMS: Final = ("capstor", "vast", "iopsstor")
ALL: Final = ResourceQuery(offering_slugs=frozenset(SYSTEMS), include_terminated=True)
ONE: Final = ResourceQuery(offering_slugs=frozenset({"vast"}))


@pytest.fixture(scope="module")
def new_server() -> Iterator[EmulatorProcess]:
    with emulator_process("--mode", "8.1", "--resources", str(RESOURCES)) as running:
        yield running


@pytest.fixture(scope="module")
def old_server() -> Iterator[EmulatorProcess]:
    with emulator_process("--mode", "5.8", "--resources", str(RESOURCES)) as running:
        yield running


@pytest.fixture
async def new(new_server: EmulatorProcess) -> AsyncIterator[HttpWaldurResources]:
    async for waldur in _reading(new_server):
        yield waldur


@pytest.fixture
async def old(old_server: EmulatorProcess) -> AsyncIterator[HttpWaldurResources]:
    async for waldur in _reading(old_server):
        yield waldur


async def _reading(server: EmulatorProcess) -> AsyncIterator[HttpWaldurResources]:
    connection = Connection(service="Waldur", url=f"{server.url}/api/")
    service = Service(connection, credentials=WaldurToken(lambda: AGENT_TOKEN), retries=QUICK)
    yield HttpWaldurResources(service)
    await service.close()


async def read(waldur: HttpWaldurResources, query: ResourceQuery = ALL) -> list[WaldurRow]:
    rows: list[WaldurRow] = []
    async for page in waldur.pages(query):
        assert page.problems == ()
        rows += page.rows
    return rows


async def test_the_selection_holds_all_that_the_domain_uses(new: HttpWaldurResources) -> None:
    """The nested order too, although the server applies the selection to it."""
    selected = {row.uuid: row for row in await read(new)}
    raw = [row async for page in new.raw_pages(ALL) for row in page]
    whole = [row async for page in FakeWaldurResources(raw).pages(ALL) for row in page.rows]

    assert len(selected) == RESOURCES * 19 // 20  # the rest is of another offering
    assert selected == {row.uuid: row for row in whole}
    assert any(row.order_in_progress for row in selected.values())


async def test_only_the_asked_offerings_come(new: HttpWaldurResources) -> None:
    assert {row.offering_slug for row in await read(new, ONE)} == {"vast"}


async def test_several_offerings_are_asked_for_at_once(new: HttpWaldurResources) -> None:
    assert {row.offering_slug for row in await read(new)} >= set(SYSTEMS)


async def test_terminated_ones_come_only_when_they_are_asked_for(
    new: HttpWaldurResources, new_server: EmulatorProcess
) -> None:
    gone = str((await read(new))[0].uuid)
    row = new_server.control.resource(gone)
    new_server.control.call("waldur", "replace_row", row=row | {"state": "Terminated"})
    usual = ResourceQuery(offering_slugs=ALL.offering_slugs)

    assert gone not in {row.uuid for row in await read(new, usual)}
    assert gone in {row.uuid for row in await read(new)}
    new_server.control.reset()


async def test_a_page_costs_one_request_and_a_look_a_thirtieth(
    new: HttpWaldurResources, new_server: EmulatorProcess
) -> None:
    new_server.control.forget_requests()
    await read(new)
    queries = [request["query"] for request in new_server.control.requests("waldur")]

    assert len([query for query in queries if "field=slug" in query]) == 3
    assert len([query for query in queries if "field=slug" not in query]) == 3


async def test_an_offering_is_found_by_its_slug(new: HttpWaldurResources) -> None:
    found = await new.offering("vast")

    assert found is not None
    assert found["slug"] == "vast"
    assert not [name for name in found if "secret" in name]


async def test_nobody_has_an_offering_that_is_not_there(
    old: HttpWaldurResources, new: HttpWaldurResources
) -> None:
    """The older server does not know the filter and sends every offering."""
    assert await old.offering("no-such-slug") is None
    assert await new.offering("no-such-slug") is None


@pytest.mark.parametrize("slug", SYSTEMS)
async def test_an_offering_has_the_same_slug_by_its_uuid(
    old: HttpWaldurResources, new: HttpWaldurResources, slug: str
) -> None:
    """The older server leaves slugs out of resources, not out of offerings."""
    found = await new.offering(slug)
    assert found is not None
    uuid = UUID(str(found["uuid"]))

    assert await old.offering_slug(uuid) == slug
    assert await new.offering_slug(uuid) == slug


async def test_no_server_has_an_offering_of_an_unknown_uuid(
    old: HttpWaldurResources, new: HttpWaldurResources
) -> None:
    assert await old.offering_slug(UUID(int=7)) is None
    assert await new.offering_slug(UUID(int=7)) is None


async def test_an_older_server_sends_everything_and_no_slug(old: HttpWaldurResources) -> None:
    """It does not know the filter; the domain names it by what is absent."""
    rows = await read(old, ONE)

    assert len(rows) == RESOURCES
    absent = {"offering_slug", "provider_slug", "customer_slug", "project_slug"}
    assert {getattr(row, name) for row in rows for name in absent} == {None}
    assert {row.order_in_progress for row in rows} == {None}
