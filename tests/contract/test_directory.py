"""The promises of `Directory`, kept by every adapter in `directory_adapters`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryQuery,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.ports import Directory
from cscs_fakes.invented_directory import make_directory
from tests.contract.directory_adapters import DIRECTORY_ADAPTERS, DirectoryAdapter
from tests.unit.events.link_data import END, START, event, named

pytestmark = pytest.mark.anyio

Holding: TypeAlias = Callable[[KnownDirectory], Awaitable[Directory]]

ANNA: Final = DirectoryUser(
    id="u1",
    external_id="Sub-1",
    email="Anna.Müller@x.example.org",
    username="an_a",
    default_project="own",
)
BERT: Final = DirectoryUser(id="u2", external_id="sub-1", username="anxa")
OWN: Final = DirectoryProject(id="own", title="Personal: Anna")
CLIMATE: Final = DirectoryProject(id="1", title="Alpine Climate", slug="G_207")
TITLED: Final = DirectoryProject(id="2", title="Lattice  QCD, ΛΣ")
OTHER: Final = DirectoryProject(id="3", title="100% other; \"really\", 'yes'\\ it is")
OLD: Final = DirectoryAllocation(
    id="a1-old", project="1", end=START, status=AllocationStatus.EXPIRED
)
NOW: Final = DirectoryAllocation(
    id="a1",
    project="1",
    start=datetime(2025, 10, 1, 2, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
    end=END + timedelta(days=300),
    granted={GrantedUnit.CPU_HOURS: 2**63 - 1, GrantedUnit.GPU_HOURS: 0},
)
CLOUD: Final = DirectoryAllocation(id="a1-cloud", project="1")
OF_OWN: Final = DirectoryAllocation(id="own-1", project="own")
REQUEST: Final = OpenstackRequest(
    customer_key="CERIT SC", project="1", allocation="a1-cloud", project_title="Weather"
)
KNOWN: Final = KnownDirectory(
    users=(ANNA, BERT),
    projects=(OWN, CLIMATE, TITLED, OTHER),
    allocations=(OLD, NOW, CLOUD, OF_OWN),
    openstack_requests=(REQUEST,),
)


@pytest.fixture(params=DIRECTORY_ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> DirectoryAdapter:
    made: DirectoryAdapter = request.param
    return made


@pytest.fixture
async def closing() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def holding(adapter: DirectoryAdapter, closing: AsyncExitStack, tmp_path: Path) -> Holding:
    async def make(known: KnownDirectory) -> Directory:
        directory = await adapter.holding(tmp_path, known)
        closing.push_async_callback(directory.close)
        return directory

    return make


@pytest.fixture
async def directory(holding: Holding) -> Directory:
    return await holding(KNOWN)


def folded(*texts: str) -> frozenset[str]:
    return frozenset(map(str.lower, texts))


@pytest.mark.parametrize(
    ("query", "user"),
    [
        (DirectoryQuery(external_ids=frozenset({"Sub-1"})), ANNA),
        (DirectoryQuery(emails=folded("anna.MÜLLER@x.example.org")), ANNA),
        (DirectoryQuery(usernames=folded("AN_A")), ANNA),
        (DirectoryQuery(user_ids=frozenset({"u1"})), ANNA),
    ],
    ids=["external id", "e-mail", "username", "id"],
)
async def test_a_user_is_found_with_the_default_project_and_its_allocations(
    directory: Directory, query: DirectoryQuery, user: DirectoryUser
) -> None:
    found = await directory.find(query)

    assert user in found.users
    assert OWN in found.projects
    assert OF_OWN in found.allocations


@pytest.mark.parametrize(
    ("query", "project"),
    [
        (DirectoryQuery(titles=folded("ALPINE climate")), CLIMATE),
        (DirectoryQuery(titles=folded(OTHER.title)), OTHER),
        (DirectoryQuery(slugs=folded("g_207")), CLIMATE),
        (DirectoryQuery(slugs=folded("lattice-qcd-λς")), TITLED),
        (DirectoryQuery(slugs=folded("alpine-climate")), CLIMATE),
        (DirectoryQuery(project_ids=frozenset({"2"})), TITLED),
    ],
    ids=["title", "awkward title", "own slug", "slug of its title", "either slug", "id"],
)
async def test_a_project_is_found(
    directory: Directory, query: DirectoryQuery, project: DirectoryProject
) -> None:
    assert project in (await directory.find(query)).projects


async def test_a_project_comes_with_all_its_allocations(directory: Directory) -> None:
    """Whether they are in force does not matter here. Times and grants are exact."""
    found = await directory.find(DirectoryQuery(slugs=frozenset({"g_207"})))

    assert {one.id: one for one in found.allocations if one.project == "1"} == {
        one.id: one for one in (OLD, NOW, CLOUD)
    }


async def test_an_allocation_is_found_with_its_project(directory: Directory) -> None:
    found = await directory.find(DirectoryQuery(allocation_ids=frozenset({"a1-old"})))

    assert OLD in found.allocations
    assert CLIMATE in found.projects


@pytest.mark.parametrize("name", ["cerit-sc-weather", "cerit-sc-g_207"])
async def test_a_request_is_found_with_its_project_and_allocations(
    directory: Directory, name: str
) -> None:
    found = await directory.find(DirectoryQuery(openstack_names=frozenset({name})))

    assert found.openstack_requests == (REQUEST,)
    assert CLIMATE in found.projects
    assert {OLD.id, NOW.id, CLOUD.id} <= {one.id for one in found.allocations}


@pytest.mark.parametrize("value", ["sub-1", "SUB-1", "Sub-%"])
async def test_the_case_of_external_ids_matters(directory: Directory, value: str) -> None:
    found = await directory.find(DirectoryQuery(external_ids=frozenset({value})))

    assert [user.id for user in found.book.users_by_external_id(value)] == (
        ["u2"] if value == "sub-1" else []
    )


@pytest.mark.parametrize("pattern", ["an_a", "an%", "%", "an*", ".*", "an?a", "[a]n_a", ""])
async def test_no_character_is_a_wildcard(directory: Directory, pattern: str) -> None:
    asked = event(("perun_username", pattern or "?"), context={"project": pattern})

    found = await directory.find(wanted_by([asked]))

    assert link(asked, found).user == ("u1" if pattern == "an_a" else None)
    assert link(asked, found).project is None


async def test_everybody_of_a_name_is_found(holding: Holding) -> None:
    """Or else an ambiguous name would look like a clear one."""
    users = tuple(DirectoryUser(id=f"u{n}", username="AnNa"[:n] + "anna"[n:]) for n in range(4))
    projects = tuple(DirectoryProject(id=f"p{n}", title="x" if n else "X") for n in range(3))
    directory = await holding(KnownDirectory(users=users, projects=projects))

    found = await directory.find(
        DirectoryQuery(usernames=frozenset({"anna"}), titles=frozenset({"x"}))
    )

    assert len(found.book.users_by_username("anna")) == 4
    assert len(found.book.projects_by_title("x")) == 3


@pytest.mark.parametrize(
    "query",
    [
        DirectoryQuery(),
        DirectoryQuery(
            external_ids=frozenset({"'; --", "x" * 5000}),
            emails=frozenset({"nobody@x.example.org"}),
            titles=frozenset({'"', "\\", "€uro\u2028"}),
            slugs=frozenset({"-"}),
            openstack_names=frozenset({"a-b"}),
            user_ids=frozenset({"0"}),
            project_ids=frozenset({"gone"}),
            allocation_ids=frozenset({"gone"}),
        ),
    ],
    ids=["nothing", "what is not there"],
)
async def test_to_find_nothing_is_no_error(holding: Holding, query: DirectoryQuery) -> None:
    directory = await holding(KnownDirectory())

    assert await directory.find(query) == KnownDirectory()


async def test_references_that_lead_nowhere_stay_as_they_are(holding: Holding) -> None:
    user = DirectoryUser(id="u1", username="anna", default_project="gone")
    directory = await holding(KnownDirectory(users=(user,)))

    found = await directory.find(DirectoryQuery(usernames=frozenset({"anna"})))

    assert found == KnownDirectory(users=(user,))


async def test_links_of_a_large_batch_are_those_of_the_whole_directory(holding: Holding) -> None:
    known = make_directory(300, 200, seed=5)
    directory = await holding(known)
    batch = [
        named(project.title, ("perun_username", (user.username or "").upper()))
        for user, project in zip(known.users, known.projects, strict=False)
    ]
    batch += [
        named(name, ("user_email", user.email or ""), source="openstack")
        for user in known.users
        for name in ("metacentrum-clim0001", "alps-nothing")
    ]

    found = await directory.find(wanted_by(batch))

    assert [link(one, found) for one in batch] == [link(one, known) for one in batch]
    assert all(link(one, found).user for one in batch)


async def test_times_are_in_utc(directory: Directory) -> None:
    found = await directory.find(DirectoryQuery(allocation_ids=frozenset({"a1"})))
    start = next(one.start for one in found.allocations if one.id == "a1")

    assert start is not None
    assert (start.tzinfo, start.isoformat()) == (UTC, "2025-10-01T00:00:00.000005+00:00")


async def test_a_directory_that_cannot_be_asked_says_so(
    adapter: DirectoryAdapter, closing: AsyncExitStack, tmp_path: Path
) -> None:
    directory = await adapter.breaking(tmp_path)
    closing.push_async_callback(directory.close)

    with pytest.raises(UpstreamServiceError):
        await directory.find(DirectoryQuery(usernames=frozenset({"anna"})))
