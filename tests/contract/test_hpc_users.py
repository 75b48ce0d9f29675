"""The promises of `HpcUsers`, kept by every adapter in `hpc_user_adapters`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_domain.ports import HpcUsers
from cscs_domain.problems import ProblemCode
from cscs_fakes.emulators.site import EmulatedSite
from tests.contract.hpc_user_adapters import HPC_USER_ADAPTERS, HpcUserAdapter, Place, Record
from tests.emulated import running_site

pytestmark = pytest.mark.anyio

DATA: Final = Path(__file__).parents[1] / "data" / "waldur"
PROJECTS: Final[list[Record]] = json.loads((DATA / "hpc_user_projects.json").read_bytes())[
    "projects"
]
USERS: Final[list[Record]] = json.loads((DATA / "hpc_user_profiles.json").read_bytes())["users"]
ASKED: Final = ("g207", "g118", "lp05", "p-new", "dup1", "root0", "s1300")

Holding: TypeAlias = Callable[..., HpcUsers]


@pytest.fixture(params=HPC_USER_ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> HpcUserAdapter:
    made: HpcUserAdapter = request.param
    return made


@pytest.fixture(scope="module")
def site() -> Iterator[EmulatedSite]:
    with running_site(rows=[]) as running:
        yield running


@pytest.fixture
async def place(site: EmulatedSite, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as closing:
        yield Place(tmp_path, site, closing)
    site.reset()


@pytest.fixture
def holding(adapter: HpcUserAdapter, place: Place) -> Holding:
    def make(projects: Sequence[Record] = (), users: Sequence[Record] = ()) -> HpcUsers:
        return adapter.holding(place, projects, users)

    return make


def project(name: object, gid: object) -> Record:
    return {"posixName": name, "unixGid": gid}


def user(**members: object) -> Record:
    return {"posixName": "anovak", "unixUid": 21001, "email": "a@uni.example.org", **members}


@pytest.mark.parametrize(("slug", "gid"), [("g207", 30207), ("g118", 30118), ("lp05", 30905)])
async def test_a_provisioned_project_has_its_gid(holding: Holding, slug: str, gid: int) -> None:
    """lp05 comes as text, as one version of the service sends it."""
    assert (await holding(PROJECTS).gids(ASKED)).resolved[slug] == gid


@pytest.mark.parametrize("slug", ["p-new", "dup1", "root0", "s1300"])
async def test_a_doubtful_or_unknown_project_has_none(holding: Holding, slug: str) -> None:
    """Null, ambiguous, zero, absent: a wrong GID gives away a directory, a missing one delays."""
    assert slug not in (await holding(PROJECTS).gids(ASKED)).resolved


async def test_only_what_was_asked_for_is_answered(holding: Holding) -> None:
    found = await holding(PROJECTS).gids(ASKED)

    assert found.resolved == {"g207": 30207, "g118": 30118, "lp05": 30905}


@pytest.mark.parametrize(("slug", "why"), [("dup1", "several"), ("root0", "0")])
async def test_a_doubt_is_told(holding: Holding, slug: str, why: str) -> None:
    """Somebody has to correct the record, and only this tells which one."""
    found = await holding(PROJECTS).gids(ASKED)

    (problem,) = [problem for problem in found.problems if problem.resource == slug]
    assert problem.code is ProblemCode.BAD_IDENTITY
    assert why in problem.message


@pytest.mark.parametrize("slug", ["p-new", "s1300"])
async def test_what_is_merely_not_there_yet_is_no_problem_here(holding: Holding, slug: str) -> None:
    """The hierarchy reports the resource; twice would be noise."""
    found = await holding(PROJECTS).gids(ASKED)

    assert slug not in {problem.resource for problem in found.problems}


@pytest.mark.parametrize(("slug", "gid"), [("g207", 30207), ("G207", 39999)])
async def test_case_makes_different_projects(holding: Holding, slug: str, gid: int) -> None:
    assert (await holding(PROJECTS).gids([slug])).resolved == {slug: gid}


async def test_doubts_about_others_do_not_concern_who_did_not_ask(holding: Holding) -> None:
    assert (await holding(PROJECTS).gids(["g207"])).problems == ()


async def test_nothing_asked_is_nothing_answered(holding: Holding) -> None:
    """The service takes an empty request for "everything", which nobody meant."""
    service = holding(PROJECTS, USERS)

    assert (await service.gids([])).resolved == {}
    assert (await service.users(frozenset())).resolved == {}


@pytest.mark.parametrize(
    "gid",
    [
        0,
        -1,
        2**31,
        10**30,
        Decimal("30207.5"),
        True,
        "",
        "0",
        "-5",
        "0x75e5",
        "1e5",
        "٣٠٢٠٧",
        "g207",
    ],
    ids=repr,
)
async def test_an_id_that_cannot_be_is_refused_with_a_problem(
    adapter: HpcUserAdapter, holding: Holding, gid: object
) -> None:
    if isinstance(gid, Decimal) and adapter.name == "YAML file":
        gid = str(gid)  # the YAML writer knows no decimals
    found = await holding([project("bad", gid), project("good", 30500)]).gids(["bad", "good"])

    assert found.resolved == {"good": 30500}
    assert [problem.resource for problem in found.problems] == ["bad"]


@pytest.mark.parametrize("gid", [1, 999, 2**31 - 1, "30207"], ids=repr)
async def test_every_id_that_can_be_is_taken(holding: Holding, gid: object) -> None:
    """Low ids are served: the warning about them is the domain's."""
    assert (await holding([project("p", gid)]).gids(["p"])).resolved == {"p": int(str(gid))}


async def test_equal_rows_of_one_project_are_no_doubt(holding: Holding) -> None:
    found = await holding([project("p", 30500), project("p", "30500")]).gids(["p"])

    assert found.resolved == {"p": 30500}
    assert found.problems == ()


async def test_a_good_id_beside_a_refused_one_is_a_doubt(holding: Holding) -> None:
    """Two records of one project disagree, whatever is wrong with one of them."""
    found = await holding([project("p", 30500), project("p", 0)]).gids(["p"])

    assert found.resolved == {}
    assert [problem.resource for problem in found.problems] == ["p"]


@pytest.mark.parametrize(
    "slug", ["no", "null", "~", "on", "1e3", "207", "..", "2024-01-01", "<<", "é"]
)
async def test_a_project_may_be_called_anything(holding: Holding, slug: str) -> None:
    """A file format that reads `no` as false would lose a project without a word."""
    assert (await holding([project(slug, 30500)]).gids([slug])).resolved == {slug: 30500}


async def test_a_row_without_a_name_hides_no_other(holding: Holding) -> None:
    records = [project(None, 30777), project(["p"], 30778), project("p", 30500)]

    assert (await holding(records).gids(["p"])).resolved == {"p": 30500}


async def test_a_thousand_projects_are_looked_up_at_once(holding: Holding) -> None:
    expected = {f"p{number}": 30000 + number for number in range(1000)}
    service = holding([project(name, gid) for name, gid in expected.items()])

    assert (await service.gids(expected)).resolved == expected


async def test_a_user_is_known_with_the_primary_project(holding: Holding) -> None:
    found = await holding(users=USERS).users(["cmueller", "ghost01"])

    email = "cigdem.mueller@uni.example.org"
    assert found.resolved == {"cmueller": UnixUser("cmueller", 21003, email, "lp05", 30905)}
    assert found.problems == ()


async def test_a_user_may_lack_a_primary_project(holding: Holding) -> None:
    found = await holding(users=USERS).users(["j_novak"])

    assert found.resolved == {"j_novak": UnixUser("j_novak", 21005, "j_novak@uni.example.org")}


async def test_an_underscore_in_a_name_is_no_wildcard(holding: Holding) -> None:
    only_the_other = [record for record in USERS if record["posixName"] != "j_novak"]

    assert (await holding(users=only_the_other).users(["j_novak"])).resolved == {}


@pytest.mark.parametrize(
    "members",
    [
        {"unixUid": 0},
        {"unixUid": "root"},
        {"email": None},
        {"email": ""},
        {"email": 7},
        {"email": "a@uni.example.org\nBcc: everybody"},
        {"primaryProject": {"posixName": "g207", "unixGid": 0}},
        {"primaryProject": {"unixGid": 30207}},
        {"primaryProject": {"posixName": ["g207"], "unixGid": 30207}},
    ],
    ids=repr,
)
async def test_a_record_with_a_doubtful_member_resolves_nobody(
    holding: Holding, members: dict[str, object]
) -> None:
    found = await holding(users=[user(**members)]).users(["anovak"])

    assert found.resolved == {}
    assert [problem.resource for problem in found.problems] == ["anovak"]


async def test_a_user_without_a_uid_is_not_provisioned_yet(holding: Holding) -> None:
    found = await holding(users=[user(unixUid=None)]).users(["anovak"])

    assert found.resolved == {}
    assert found.problems == ()


@pytest.mark.parametrize(
    "members", [{"unixUid": 21009}, {"email": "b@uni.example.org"}, {"unixUid": 0}], ids=repr
)
async def test_two_records_of_one_user_that_differ_are_a_doubt(
    holding: Holding, members: dict[str, object]
) -> None:
    found = await holding(users=[user(), user(**members)]).users(["anovak"])

    assert found.resolved == {}
    assert {problem.resource for problem in found.problems} == {"anovak"}


async def test_equal_records_of_one_user_are_no_doubt(holding: Holding) -> None:
    found = await holding(users=[user(), user(displayName="Alena")]).users(["anovak"])

    assert found.resolved.keys() == {"anovak"}


async def test_a_site_without_users_resolves_nobody(holding: Holding) -> None:
    found = await holding(PROJECTS).users(["anovak"])

    assert found.resolved == {}
    assert found.problems == ()


@pytest.mark.parametrize("kind", ["gids", "users"])
async def test_no_answer_is_an_error_and_not_an_unknown_name(
    adapter: HpcUserAdapter, place: Place, kind: str
) -> None:
    """An outage that looked like "nobody is provisioned" would empty the whole answer."""
    service = adapter.breaking(place)

    with pytest.raises(UpstreamServiceError) as caught:
        await (service.gids(["g207"]) if kind == "gids" else service.users(["anovak"]))

    assert caught.value.service.startswith("HPC users")
